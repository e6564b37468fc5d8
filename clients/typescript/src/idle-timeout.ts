// Bounds the time without a message of a stream.

import { StreamLostError } from "./watch-update.js";

/**
 * Waits for a promise.
 *
 * @throws StreamLostError if it does not settle within the idle timeout.
 */
export async function withIdleTimeout<T>(promise: Promise<T>, idleTimeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const lost = new StreamLostError(`no message for ${idleTimeoutMs / 1000} s`);
    // A machine or a tab that slept wakes up with a timer that is due, and maybe before the messages
    // that have arrived: the second half of the time is left to these.
    timer = setTimeout(() => {
      timer = setTimeout(() => reject(lost), idleTimeoutMs / 2);
    }, idleTimeoutMs / 2);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for the token of a stream.
 *
 * @throws StreamLostError if there is none within the idle timeout.
 */
export async function tokenInTime<T>(token: Promise<T>, idleTimeoutMs: number): Promise<T> {
  try {
    return await withIdleTimeout(token, idleTimeoutMs);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new StreamLostError(`no token: ${text}`, { cause: error });
  }
}
