// Tells the errors of a server that is down, after which another server is tried at once.

import { LeaderboardError } from "./errors.js";

const DRAINING = "ERROR_REASON_SERVER_DRAINING";

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
 * Returns the delay in milliseconds that a server requests before a retry, if any. That of a server
 * that drains is not waited for: another server takes its place.
 */
export function requestedDelay(error: unknown): number | undefined {
  return error instanceof LeaderboardError && !isDraining(error) ? error.retryAfterMs : undefined;
}
