// Errors of a server that is down: another server is tried at once, and soon the same one again.

import { LeaderboardError } from "./errors.js";

const DRAINING = "ERROR_REASON_SERVER_DRAINING";

/** Limits the delay before a retry while there is no server: to 0.8 s. */
const AWAY_RETRIES = 2;

/** Returns whether a server refused a call because it shuts down. */
export function isDraining({ reason }: LeaderboardError): boolean {
  return reason === DRAINING;
}

/**
 * Returns whether another server may answer at once: this one drains, did not answer, or its
 * connection broke.
 */
export function isServerDown(error: LeaderboardError): boolean {
  const isLost = !error.reason && error.retryAfterMs === undefined && error.retryable;
  return isLost || isDraining(error);
}

/**
 * Returns the number of retries from which the delay before the next one follows. While there is no
 * server, delays are no longer than after 2: it may be back at any moment, and an attempt without it
 * costs it nothing.
 */
export function countedRetries(retries: number, error: unknown): number {
  const isAway =
    error instanceof LeaderboardError && error.code === "UNAVAILABLE" && isServerDown(error);
  return isAway ? Math.min(retries, AWAY_RETRIES) : retries;
}

/**
 * Returns the delay in milliseconds that a server requests before a retry, if any. That of a server
 * that drains is not waited for: another server takes its place.
 */
export function requestedDelay(error: unknown): number | undefined {
  return error instanceof LeaderboardError && !isDraining(error) ? error.retryAfterMs : undefined;
}
