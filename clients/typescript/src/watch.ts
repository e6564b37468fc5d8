// Watches a contest over as many streams as that takes, and never shows a wrong board.

import { durationFromMs } from "@bufbuild/protobuf/wkt";

import { type CallBounds, type OpenCalls, whenAborted } from "./call-bounds.js";
import { LeaderboardError } from "./errors.js";
import {
  type WatchContestRequest,
  WatchContestRequestSchema,
  WatchScope as Scope,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import { MissedChangesError } from "./live-board.js";
import { malformed, messageOf } from "./encoding.js";
import { retryDelay } from "./retry-delay.js";
import type { Server } from "./server.js";
import { WatchCourse } from "./watch-session.js";
import { messages } from "./watch-stream.js";
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

/** Yields the updates of a watch; see `Client.watch`. */
export function watch(
  server: Server,
  open: OpenCalls,
  contestId: string,
  options: WatchOptions,
  silenceMs = SILENCE_MS,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const left = new AbortController();
  const told = updates(server, open, contestId, options, silenceMs, left.signal);
  const [end, fail] = [told.return.bind(told), told.throw.bind(told)];
  // By itself a generator ends no sooner than what it waits for.
  return Object.assign(told, {
    return: () => {
      left.abort();
      return end();
    },
    throw: (error: unknown) => {
      left.abort();
      return fail(error);
    },
  });
}

async function* updates(
  server: Server,
  open: OpenCalls,
  contestId: string,
  options: WatchOptions,
  silenceMs: number,
  left: AbortSignal,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const course = new WatchCourse(requestOf(contestId, options));
  const bounds = open.begin(Number.POSITIVE_INFINITY, options.signal);
  whenAborted(left, () => bounds.abort(left.reason));
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
  } catch (error) {
    if (!left.aborted) {
      throw error;
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

function requestOf(contestId: string, options: WatchOptions): WatchContestRequest {
  const scope = SCOPES.get(options.scope ?? "TOP");
  if (scope === undefined) {
    throw malformed("scope", `is ${String(options.scope)}, not TOP, ALL or USERS`);
  }
  if (typeof options.userIds === "string") {
    throw malformed("user_ids", "is one text, not some of them");
  }
  const interval = options.minIntervalMs ?? 0;
  if (!Number.isFinite(interval)) {
    throw malformed("min_interval", `is ${String(interval)}, not a number`);
  }
  return messageOf(WatchContestRequestSchema, {
    contestId,
    scope,
    limit: options.limit ?? 0,
    userIds: [...(options.userIds ?? [])],
    ...(interval ? { minInterval: durationFromMs(interval) } : {}),
  });
}

/** Tells whether the same request, or one that resumes, may succeed later. */
function heals(error: unknown): error is Error {
  if (error instanceof LeaderboardError) {
    return error.retryable || error.reason === STALLED;
  }
  return error instanceof MissedChangesError || error instanceof StreamLostError;
}
