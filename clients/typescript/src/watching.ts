// Watches a contest over as many streams as that takes, and never shows a wrong board.

import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";

import { type CallBounds, type OpenCalls, whenAborted } from "./call-bounds.js";
import { decode, encode, pathOf } from "./calls.js";
import { asBuffer, asIs } from "./connection.js";
import { malformed } from "./converting.js";
import { LeaderboardError, isBroken, isRetryable } from "./errors.js";
import {
  LeaderboardService,
  WatchContestRequestSchema,
  type WatchContestResponse,
  WatchContestResponseSchema,
  WatchScope as Scope,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import { MissedChangesError } from "./live-board.js";
import { errorOfCall } from "./refusal.js";
import { retryDelay } from "./retry-delay.js";
import type { Server } from "./server.js";
import { WatchCourse } from "./watch-course.js";
import { StreamLostError, type WatchUpdate } from "./watch-update.js";

/** What is told: what touches the first ranks, every change, or the changes of some users. */
export type WatchScope = "TOP" | "ALL" | "USERS";

/** What is watched of a contest. */
export interface WatchOptions {
  /** How many of the first ranks to watch, from 1 to 1,000. Default: 10. */
  readonly limit?: number | undefined;
  /** What is told. Default: `TOP`. */
  readonly scope?: WatchScope | undefined;
  /** The users to watch with the scope `USERS`, 1 to 1,000. */
  readonly userIds?: Iterable<string> | undefined;
  /** The least milliseconds between two messages of changes with the scope `TOP`, to 60,000. */
  readonly minIntervalMs?: number | undefined;
  /** Ends the watch at once when it is aborted; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The milliseconds without a message after which a connection is dead: the service promises one in
 * 18 s, news or not.
 */
const SILENCE_MS = 30_000;

/** The milliseconds after which a stream that breaks is no failed attempt to open one. */
const LASTING_MS = 1_000;

const STALLED = "ERROR_REASON_WATCHER_STALLED";
const SCOPES = new Map<string, Scope>([
  ["TOP", Scope.TOP],
  ["ALL", Scope.ALL],
  ["USERS", Scope.USERS],
]);

type Request = MessageInitShape<typeof WatchContestRequestSchema>;

/** Yields the updates of a watch; see `Client.watch`. */
export async function* watch(
  server: Server,
  open: OpenCalls,
  contestId: string,
  options: WatchOptions,
  silenceMs = SILENCE_MS,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const course = new WatchCourse(create(WatchContestRequestSchema, requestOf(contestId, options)));
  const bounds = open.begin(Number.POSITIVE_INFINITY, options.signal);
  try {
    yield course.update;
    for (let attempt = 0; ; attempt++) {
      const began = performance.now();
      const trouble = yield* follow(server, course, bounds, silenceMs);
      if (trouble) {
        yield course.lose(trouble);
      } else if (course.update.state === "OVER") {
        return;
      }
      attempt = performance.now() - began > LASTING_MS ? 0 : attempt;
      const asked = trouble instanceof LeaderboardError ? trouble.retryAfterMs : undefined;
      await bounds.sleep(retryDelay(attempt, asked));
    }
  } finally {
    bounds.end();
  }
}

/** Yields the updates of one stream; returns what it broke with, or nothing after an `end`. */
async function* follow(
  server: Server,
  course: WatchCourse,
  bounds: CallBounds,
  silenceMs: number,
): AsyncGenerator<WatchUpdate, Error | undefined, undefined> {
  try {
    for await (const message of messages(server, course.request(), bounds, silenceMs)) {
      bounds.signal.throwIfAborted();
      yield course.take(message);
    }
    return undefined;
  } catch (error) {
    bounds.signal.throwIfAborted();
    if (heals(error)) {
      return error;
    }
    throw error;
  }
}

/** Yields the messages of one stream; returns after an `end`, throws when it ends otherwise. */
async function* messages(
  server: Server,
  request: Request,
  bounds: CallBounds,
  silenceMs: number,
): AsyncGenerator<WatchContestResponse, void, undefined> {
  const bytes = encode(WatchContestRequestSchema, request);
  const metadata = await bounds.within(server.metadata());
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

function requestOf(contestId: string, options: WatchOptions): Request {
  const scope = SCOPES.get(options.scope ?? "TOP");
  if (scope === undefined) {
    throw malformed("scope", `is ${String(options.scope)}, not TOP, ALL or USERS`);
  }
  return {
    contestId,
    scope,
    limit: options.limit ?? 0,
    userIds: [...(options.userIds ?? [])],
    ...(options.minIntervalMs ? { minInterval: durationFromMs(options.minIntervalMs) } : {}),
  };
}

/** Tells whether the same request, or one that resumes, may succeed later. */
function heals(error: unknown): error is Error {
  if (error instanceof LeaderboardError) {
    return isRetryable(error) || isBroken(error) || error.reason === STALLED;
  }
  return error instanceof MissedChangesError || error instanceof StreamLostError;
}
