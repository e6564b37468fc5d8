// How long to wait before a failed attempt is made again.

/** The milliseconds up to which delays grow, and up to which a server is heard that asks. */
export const LONGEST_DELAY_MS = 5_000;

const FIRST_DELAY_MS = 200;

/**
 * Returns the milliseconds to wait after a failed attempt.
 *
 * The delay doubles with each attempt and is never less than what the server asked for, both up to
 * 5 s. It is spread at random over a factor of two, also where the server asked, so that many
 * clients don't return together.
 *
 * @param attempt How many attempts failed before this one, from 0.
 * @param askedMs The milliseconds that the server asked to wait, if it did.
 * @param randomness Returns a number from 0 to 1, a new one each time.
 */
export function retryDelay(
  attempt: number,
  askedMs: number | undefined,
  randomness: () => number = Math.random,
): number {
  const grown = Math.min(FIRST_DELAY_MS * 2 ** attempt, LONGEST_DELAY_MS);
  const least = Math.max(grown / 2, Math.min(askedMs ?? 0, LONGEST_DELAY_MS));
  return least * (1 + randomness());
}
