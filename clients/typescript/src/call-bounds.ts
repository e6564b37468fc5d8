// Limits of calls: the deadline, the signal of the caller, and the closing of the client.

import { CancelledError, DeadlineExceededError } from "./errors.js";

/** The longest time of a timer. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The open calls of one client. */
export class OpenCalls {
  readonly #open = new Set<AbortController>();
  readonly #prepareSignal: (signal: AbortSignal) => void;
  #closed = false;

  /** @param prepareSignal Called with the signal of each call: many calls may share one. */
  constructor(prepareSignal: (signal: AbortSignal) => void = () => undefined) {
    this.#prepareSignal = prepareSignal;
  }

  /**
   * Returns the bounds of a new call; `release` must follow.
   *
   * @throws The reason of the signal if it is aborted, CancelledError if the client is closed, or
   * RangeError if the timeout is not more than 0.
   */
  begin(timeoutMs: number, signal: AbortSignal | undefined): CallBounds {
    signal?.throwIfAborted();
    if (this.#closed) {
      throw closedError();
    }
    if (signal) {
      this.#prepareSignal(signal);
    }
    return new CallBounds(checkTimeout(timeoutMs), signal, this.#open);
  }

  /** Aborts all open calls, and rejects new ones. */
  close(): void {
    this.#closed = true;
    for (const controller of this.#open) {
      controller.abort(closedError());
    }
  }
}

/** The bounds of one call. */
export class CallBounds {
  /** The error of the last attempt, which becomes the cause of a deadline error. */
  lastError: Error | undefined;

  readonly #controller = new AbortController();
  readonly #abort = (): void => this.#controller.abort(this.#signal?.reason);
  readonly #signal: AbortSignal | undefined;
  readonly #open: Set<AbortController>;
  readonly #timeoutMs: number;
  readonly #deadline: number;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, signal: AbortSignal | undefined, open: Set<AbortController>) {
    this.#timeoutMs = timeoutMs;
    this.#deadline = performance.now() + timeoutMs;
    this.#signal = signal;
    this.#open = open.add(this.#controller);
    signal?.addEventListener("abort", this.#abort);
    if (timeoutMs <= MAX_TIMER_MS) {
      this.#timer = setTimeout(() => this.abort(this.deadlineError()), timeoutMs);
    }
  }

  /** A signal that is aborted when the call must end; its reason is the error of the call. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The milliseconds until the deadline. */
  get leftMs(): number {
    return this.#deadline - performance.now();
  }

  /** Returns the error of a call whose deadline is exceeded. */
  deadlineError(): DeadlineExceededError {
    const { lastError } = this;
    const message = `no response within ${Math.round(this.#timeoutMs) / 1000} s`;
    const text = lastError ? `${message}: ${lastError.message}` : message;
    return new DeadlineExceededError("DEADLINE_EXCEEDED", text, { cause: lastError });
  }

  /**
   * Waits.
   *
   * @throws The reason of the signal if it is aborted meanwhile.
   */
  async sleep(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    try {
      await this.waitFor(over);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Waits for a promise that can't be cancelled.
   *
   * @throws The reason of the signal if it is aborted meanwhile.
   */
  async waitFor<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    let removeListener = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      removeListener = onAbort(signal, () => reject(signal.reason));
    });
    try {
      return await Promise.race([aborted, promise]);
    } finally {
      removeListener();
    }
  }

  /** Ends the call with an error. */
  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** Releases the timer and the listener when the call is over. */
  release(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#open.delete(this.#controller);
  }
}

/**
 * Returns a timeout in milliseconds.
 *
 * @throws RangeError if it is not more than 0.
 */
export function checkTimeout(timeoutMs: number): number {
  if (typeof timeoutMs === "number" && timeoutMs > 0) {
    return timeoutMs;
  }
  throw new RangeError(`timeoutMs has to be a number above 0, not ${String(timeoutMs)}`);
}

/**
 * Calls a function when a signal is aborted, or now if it is; returns a function that undoes that.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

function closedError(): CancelledError {
  return new CancelledError("CANCELLED", "the client was closed");
}
