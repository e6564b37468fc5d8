// One stream of a watch, over a connection of its own.

import { toBinary } from "@bufbuild/protobuf";
import type { ClientReadableStream, Metadata, ServiceError } from "@grpc/grpc-js";

import { type CallBounds, onAbort } from "./call-bounds.js";
import { pathOf } from "./calls.js";
import { decode } from "./encoding.js";
import {
  LeaderboardService,
  type WatchContestRequest,
  WatchContestRequestSchema,
  type WatchContestResponse,
  WatchContestResponseSchema,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import { errorOfCall } from "./rpc-status.js";
import type { Servers } from "./servers.js";
import { identity, toBuffer } from "./unary.js";
import { StreamLostError } from "./watch-update.js";

/**
 * Yields the messages of one stream; returns after an `end` message.
 *
 * @param idleTimeoutMs The milliseconds without a message after which the stream is dead.
 * @throws LeaderboardError or StreamLostError if it can't be opened, breaks or times out.
 */
export async function* messages(
  servers: Servers,
  request: WatchContestRequest,
  bounds: CallBounds,
  idleTimeoutMs: number,
): AsyncGenerator<WatchContestResponse, void, undefined> {
  const bytes = toBinary(WatchContestRequestSchema, request);
  const metadata = await getMetadata(servers, bounds, idleTimeoutMs);
  const channel = servers.openStreamChannel();
  const path = pathOf(LeaderboardService.method.watchContest);
  const stream = channel.makeServerStreamRequest(path, toBuffer, identity, bytes, metadata);
  const removeListener = onAbort(bounds.signal, () => stream.cancel());
  try {
    for await (const response of read(stream, idleTimeoutMs)) {
      const message = decode(WatchContestResponseSchema, response);
      yield message;
      if (message.event.case === "end") {
        return;
      }
    }
    throw new StreamLostError("the server ended the watch without a reason");
  } finally {
    removeListener();
    stream.cancel();
    channel.close();
  }
}

/** Returns the metadata of the stream, if the token is available within the idle timeout. */
async function getMetadata(
  servers: Servers,
  bounds: CallBounds,
  idleTimeoutMs: number,
): Promise<Metadata> {
  try {
    return await withIdleTimeout(bounds.waitFor(servers.metadata()), idleTimeoutMs);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new StreamLostError(`no token: ${text}`, { cause: error });
  }
}

/** Yields the data of a stream; throws if there is none for the idle timeout. */
async function* read(
  stream: ClientReadableStream<Uint8Array>,
  idleTimeoutMs: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  // The stream may also fail after the loop; an error without a listener would end the process.
  stream.on("error", () => undefined);
  const iterator: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  for (;;) {
    const next = await withIdleTimeout(iterator.next().catch(rethrow), idleTimeoutMs);
    if (next.done) {
      return;
    }
    yield next.value;
  }
}

function rethrow(error: unknown): never {
  if (error instanceof Error && "code" in error && typeof error.code === "number") {
    throw errorOfCall(error as ServiceError);
  }
  throw new StreamLostError(String(error));
}

async function withIdleTimeout<T>(promise: Promise<T>, idleTimeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const lost = new StreamLostError(`no message for ${idleTimeoutMs / 1000} s`);
    timer = setTimeout(() => reject(lost), idleTimeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
