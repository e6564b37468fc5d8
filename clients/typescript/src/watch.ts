// Watches a contest over as many streams as necessary, without missed or repeated changes.

import { type CallBounds, type OpenCalls, onAbort } from "./call-bounds.js";
import { encode, encodeEnum, encodeUserIds } from "./encoding.js";
import { LeaderboardError } from "./errors.js";
import {
  type WatchContestRequest,
  WatchContestRequestSchema,
  WatchScope as Scope,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import { MissedChangesError } from "./live-board.js";
import { Reconnects } from "./reconnects.js";
import type { Servers } from "./servers.js";
import { encodeDuration } from "./times.js";
import { WatchSession } from "./watch-session.js";
import { messages } from "./watch-stream.js";
import { StreamLostError, type WatchUpdate } from "./watch-update.js";

/**
 * The changes that a watch receives: those that affect the first rows, all changes, or those of
 * some users.
 */
export type WatchScope = "TOP" | "ALL" | "USERS";

/** The options of a watch. */
export interface WatchOptions {
  /** The number of first rows to watch, from 1 to 1,000. Default: 10. */
  readonly limit?: number | undefined;
  /** The changes that the watch receives. Default: `TOP`. */
  readonly scope?: WatchScope | undefined;
  /** The users to watch with the scope `USERS`, 1 to 1,000. */
  readonly userIds?: Iterable<string> | undefined;
  /**
   * The minimum milliseconds between two messages of changes with the scope `TOP`, up to 60,000;
   * the changes in between are merged.
   */
  readonly minIntervalMs?: number | undefined;
  /** Aborts the watch at once; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The milliseconds without a message after which a stream is dead: the service sends a message at
 * least every 18 s, with or without changes.
 */
const IDLE_TIMEOUT_MS = 30_000;

const STALLED = "ERROR_REASON_WATCHER_STALLED";

/** Yields the updates of a watch; see `Client.watch`. */
export function watch(
  servers: Servers,
  open: OpenCalls,
  contestId: string,
  options: WatchOptions,
  idleTimeoutMs = IDLE_TIMEOUT_MS,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const left = new AbortController();
  const updates = watchStreams(servers, open, contestId, options, idleTimeoutMs, left.signal);
  const [end, fail] = [updates.return.bind(updates), updates.throw.bind(updates)];
  // A generator alone would end only after the promise that it awaits.
  return Object.assign(updates, {
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

async function* watchStreams(
  servers: Servers,
  open: OpenCalls,
  contestId: string,
  options: WatchOptions,
  idleTimeoutMs: number,
  left: AbortSignal,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const session = new WatchSession(encodeRequest(contestId, options));
  const reconnects = new Reconnects(servers.spares);
  const bounds = open.begin(Number.POSITIVE_INFINITY, options.signal);
  onAbort(left, () => bounds.abort(left.reason));
  try {
    yield session.update;
    for (;;) {
      const began = performance.now();
      const trouble = yield* watchStream(servers, session, bounds, idleTimeoutMs);
      if (trouble) {
        yield session.lose(trouble);
      } else if (session.isOver) {
        return;
      }
      await reconnects.wait(bounds, performance.now() - began, trouble);
    }
  } catch (error) {
    if (!left.aborted) {
      throw error;
    }
  } finally {
    bounds.release();
  }
}

/** Yields the updates of one stream; returns why it failed, or undefined after an `end` message. */
async function* watchStream(
  servers: Servers,
  session: WatchSession,
  bounds: CallBounds,
  idleTimeoutMs: number,
): AsyncGenerator<WatchUpdate, Error | undefined, undefined> {
  try {
    for await (const message of messages(servers, session.nextRequest(), bounds, idleTimeoutMs)) {
      bounds.signal.throwIfAborted();
      yield session.apply(message);
    }
    return undefined;
  } catch (error) {
    bounds.signal.throwIfAborted();
    if (canReconnect(error)) {
      return error;
    }
    throw error;
  }
}

function encodeRequest(contestId: string, options: WatchOptions): WatchContestRequest {
  return encode(WatchContestRequestSchema, {
    contestId,
    scope: encodeEnum("scope", Scope, options.scope ?? "TOP"),
    limit: options.limit ?? 0,
    userIds: encodeUserIds(options.userIds ?? []),
    minInterval: encodeDuration("min_interval", options.minIntervalMs ?? 0),
  });
}

/** Returns whether a later stream may succeed. */
function canReconnect(error: unknown): error is Error {
  if (error instanceof LeaderboardError) {
    return error.retryable || error.reason === STALLED;
  }
  return error instanceof MissedChangesError || error instanceof StreamLostError;
}
