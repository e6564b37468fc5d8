// Computes the delay before a retry.

/** The limit of the delay, and also of the delay that a server requests. */
const MAX_DELAY_MS = 5_000;

const FIRST_DELAY_MS = 200;

/**
 * Returns the milliseconds to wait after a failed attempt.
 *
 * The delay doubles with each retry and is never less than the delay that the server requested,
 * both up to 5 s. A random factor from 1 to 2 spreads it, also if the server requested a delay, so
 * that many clients do not retry together.
 *
 * @param retries The number of attempts that failed before this one.
 * @param requestedMs The delay that the server requested, if any.
 * @param random Returns a random number from 0 to 1.
 */
export function retryDelay(
  retries: number,
  requestedMs: number | undefined,
  random: () => number = Math.random,
): number {
  const grown = Math.min(FIRST_DELAY_MS * 2 ** retries, MAX_DELAY_MS);
  const least = Math.max(grown / 2, Math.min(requestedMs ?? 0, MAX_DELAY_MS));
  return least * (1 + random());
}
