// Watches a contest over as many streams as necessary, without missed or repeated changes.

import { type CallBounds, type OpenCalls, onAbort } from "./call-bounds.js";
import { LeaderboardError } from "./errors.js";
import type {
  WatchContestRequest,
  WatchContestResponse,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import { MissedChangesError } from "./live-board.js";
import type { Reconnects } from "./reconnects.js";
import { WatchSession } from "./watch-session.js";
import { StreamLostError, type WatchUpdate } from "./watch-update.js";

/**
 * The milliseconds without a message after which a stream is dead: the service sends a message at
 * least every 18 s, with or without changes.
 */
export const IDLE_TIMEOUT_MS = 30_000;

const STALLED = "ERROR_REASON_WATCHER_STALLED";

/** What a watch needs to open its streams. */
export interface StreamSource {
  /**
   * Returns the request of the first stream.
   *
   * @throws InvalidRequestError if an option can't be encoded.
   */
  readonly encodeRequest: () => WatchContestRequest;
  /**
   * Opens a stream and yields its messages, and the troubles in which it stays open; returns after
   * an `end` message, and throws if the stream can't be opened or is lost.
   */
  readonly messages: (
    request: WatchContestRequest,
    bounds: CallBounds,
  ) => AsyncGenerator<WatchContestResponse | StreamLostError, void, undefined>;
  /** The delays between its streams. */
  readonly reconnects: Reconnects;
}

/** Yields the updates of a watch; see `Client.watch`. */
export function watchStreams(
  source: StreamSource,
  open: OpenCalls,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const left = new AbortController();
  const updates = allStreams(source, open, signal, left.signal);
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

async function* allStreams(
  source: StreamSource,
  open: OpenCalls,
  signal: AbortSignal | undefined,
  left: AbortSignal,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const session = new WatchSession(source.encodeRequest());
  const bounds = open.begin(Number.POSITIVE_INFINITY, signal);
  onAbort(left, () => bounds.abort(left.reason));
  try {
    yield session.update;
    for (;;) {
      const began = performance.now();
      const trouble = yield* oneStream(source, session, bounds);
      if (trouble) {
        yield session.lose(trouble);
      } else if (session.isOver) {
        return;
      }
      await source.reconnects.wait(bounds, performance.now() - began, trouble);
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
async function* oneStream(
  source: StreamSource,
  session: WatchSession,
  bounds: CallBounds,
): AsyncGenerator<WatchUpdate, Error | undefined, undefined> {
  try {
    for await (const message of source.messages(session.nextRequest(), bounds)) {
      bounds.signal.throwIfAborted();
      const isTrouble = message instanceof StreamLostError;
      yield isTrouble ? session.lose(message) : session.apply(message);
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

/** Returns whether a later stream may succeed. */
function canReconnect(error: unknown): error is Error {
  if (error instanceof LeaderboardError) {
    return error.retryable || error.reason === STALLED;
  }
  return error instanceof MissedChangesError || error instanceof StreamLostError;
}
