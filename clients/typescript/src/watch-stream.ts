// One stream of a watch, over a connection of its own.

import { toBinary } from "@bufbuild/protobuf";
import type { ClientReadableStream, Metadata, ServiceError } from "@grpc/grpc-js";

import { type CallBounds, whenAborted } from "./call-bounds.js";
import { decode, pathOf } from "./calls.js";
import { asBuffer, asIs } from "./channel-pool.js";
import {
  LeaderboardService,
  type WatchContestRequest,
  WatchContestRequestSchema,
  type WatchContestResponse,
  WatchContestResponseSchema,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import { errorOfCall } from "./rpc-status.js";
import type { Server } from "./server.js";
import { StreamLostError } from "./watch-update.js";

/**
 * Yields the messages of one stream; returns after an `end`.
 *
 * @param silenceMs The milliseconds without a message after which the connection is dead.
 * @throws LeaderboardError or StreamLostError if it can't be opened, breaks or falls silent.
 */
export async function* messages(
  server: Server,
  request: WatchContestRequest,
  bounds: CallBounds,
  silenceMs: number,
): AsyncGenerator<WatchContestResponse, void, undefined> {
  const bytes = toBinary(WatchContestRequestSchema, request);
  const metadata = await prepared(server, bounds, silenceMs);
  const channel = server.open();
  const path = pathOf(LeaderboardService.method.watchContest);
  const stream = channel.makeServerStreamRequest(path, asBuffer, asIs, bytes, metadata);
  const forget = whenAborted(bounds.signal, () => stream.cancel());
  try {
    for await (const answer of audible(stream, silenceMs)) {
      const message = decode(WatchContestResponseSchema, answer);
      yield message;
      if (message.event.case === "end") {
        return;
      }
    }
    throw new StreamLostError("the server ended the watch without a reason");
  } finally {
    forget();
    stream.cancel();
    channel.close();
  }
}

/** Returns what is sent before the request, if what gives the token gives one in time. */
async function prepared(server: Server, bounds: CallBounds, silenceMs: number): Promise<Metadata> {
  try {
    return await soon(bounds.within(server.metadata()), silenceMs);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new StreamLostError(`there is no token: ${text}`, { cause: error });
  }
}

/** Yields what comes through a stream, and throws when nothing comes for too long. */
async function* audible(
  stream: ClientReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  // It also fails after it was left, and an error that nobody listens for ends the process.
  stream.on("error", () => undefined);
  const iterator: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  for (;;) {
    const next = await soon(iterator.next().catch(failed), silenceMs);
    if (next.done) {
      return;
    }
    yield next.value;
  }
}

function failed(error: unknown): never {
  if (error instanceof Error && "code" in error && typeof error.code === "number") {
    throw errorOfCall(error as ServiceError);
  }
  throw new StreamLostError(String(error));
}

async function soon<T>(promise: Promise<T>, silenceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const lost = new StreamLostError(`nothing came for ${silenceMs / 1000} s`);
    timer = setTimeout(() => reject(lost), silenceMs);
  });
  try {
    return await Promise.race([promise, silence]);
  } finally {
    clearTimeout(timer);
  }
}
