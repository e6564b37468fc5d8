// Repeats the attempts of a call while a retry may help and there is time.

import type { CallBounds } from "./call-bounds.js";
import { LeaderboardError } from "./errors.js";
import { retryDelay } from "./retry-delay.js";
import { countedRetries, isServerDown, requestedDelay } from "./server-down.js";

/** The milliseconds after which an attempt ends and is retried. */
export const ATTEMPT_MS = 4_000;

/**
 * Makes attempts of a call until one succeeds, and returns its result.
 *
 * @param spares The number of servers besides one: so many are tried at once when one is down.
 * @throws LeaderboardError with the error of the last attempt, the reason of the signal, or what an
 * attempt throws besides LeaderboardErrors.
 */
export async function withRetries<T>(
  bounds: CallBounds,
  spares: number,
  attempt: () => Promise<T>,
): Promise<T> {
  let retries = 0;
  let others = spares;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      bounds.signal.throwIfAborted();
      if (!(error instanceof LeaderboardError)) {
        throw error;
      }
      const isAtOnce = others > 0 && isServerDown(error);
      const delay = isAtOnce ? 0 : delayAfter(error, retries++, bounds);
      bounds.lastError = error;
      others = isAtOnce ? others - 1 : spares;
      if (!isAtOnce) {
        await bounds.sleep(delay);
      }
    }
  }
}

/** Returns the milliseconds before the next attempt; throws if a retry does not help. */
function delayAfter(error: LeaderboardError, retries: number, bounds: CallBounds): number {
  const delay = retryDelay(countedRetries(retries, error), requestedDelay(error));
  if (error.retryable && delay < bounds.leftMs) {
    return delay;
  }
  throw error.code === "DEADLINE_EXCEEDED" && !error.reason ? bounds.deadlineError() : error;
}
