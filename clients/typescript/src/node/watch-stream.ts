// One stream of a watch, over a connection of its own.

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";

import { type CallBounds, onAbort } from "../call-bounds.js";
import { decode } from "../decoding.js";
import {
  LeaderboardService,
  type WatchContestRequest,
  WatchContestRequestSchema,
  type WatchContestResponse,
  WatchContestResponseSchema,
} from "../gen/leaderboard/v1/leaderboard_pb.js";
import { tokenInTime, withIdleTimeout } from "../idle-timeout.js";
import { StreamLostError } from "../watch-update.js";
import { pathOf } from "./calls.js";
import { errorOfCall } from "./rpc-status.js";
import type { Servers } from "./servers.js";
import { identity, toBuffer } from "./unary.js";

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
  const payload = toBinary(WatchContestRequestSchema, request);
  const metadata = await tokenInTime(bounds.waitFor(servers.metadata()), idleTimeoutMs);
  const channel = servers.openStreamChannel();
  const path = pathOf(LeaderboardService.method.watchContest);
  const stream = channel.makeServerStreamRequest(path, toBuffer, identity, payload, metadata);
  const removeListener = onAbort(bounds.signal, () => stream.cancel());
  try {
    for await (const bytes of read(stream, idleTimeoutMs)) {
      const message = decode(WatchContestResponseSchema, (schema) => fromBinary(schema, bytes));
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
