// What ends a call from outside: its deadline, its caller's signal, or the end of its client.

import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { CancelledError, DeadlineExceededError } from "./errors.js";

/** The longest time that a timer of Node can take. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The bounds of all calls of one client. */
export class OpenCalls {
  readonly #open = new Set<AbortController>();
  #closed = false;

  /**
   * Opens the bounds of one call; `end` has to follow.
   *
   * @throws The reason of the signal, if it is aborted, CancelledError if the client is closed, or
   * RangeError if there is no time at all.
   */
  begin(timeoutMs: number, signal: AbortSignal | undefined): CallBounds {
    signal?.throwIfAborted();
    if (this.#closed) {
      throw closedError();
    }
    return new CallBounds(checkTimeout(timeoutMs), signal, this.#open);
  }

  /** Ends all calls that are under way, and refuses new ones. */
  close(): void {
    this.#closed = true;
    for (const controller of this.#open) {
      controller.abort(closedError());
    }
  }
}

/** The bounds of one call. */
export class CallBounds {
  /** What went wrong so far, which a deadline is then blamed on. */
  trouble: Error | undefined;

  readonly #controller = new AbortController();
  readonly #abort = (): void => this.#controller.abort(this.#signal?.reason);
  readonly #signal: AbortSignal | undefined;
  readonly #open: Set<AbortController>;
  readonly #timeoutMs: number;
  readonly #deadline: number;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, signal: AbortSignal | undefined, open: Set<AbortController>) {
    this.#timeoutMs = timeoutMs;
    this.#deadline = performance.now() + timeoutMs;
    this.#signal = signal;
    this.#open = open.add(this.#controller);
    if (signal) {
      listen(signal, this.#abort);
    }
    if (timeoutMs <= LONGEST_TIMER_MS) {
      this.#timer = setTimeout(() => this.#controller.abort(this.late()), timeoutMs);
    }
  }

  /** Aborted when the call has to end; its reason is what the call then throws. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The milliseconds that are left. */
  get leftMs(): number {
    return this.#deadline - performance.now();
  }

  /** Returns the error of a call whose time is up. */
  late(): DeadlineExceededError {
    const { trouble } = this;
    const message = `no answer within ${Math.round(this.#timeoutMs) / 1000} s`;
    const text = trouble ? `${message}: ${trouble.message}` : message;
    return new DeadlineExceededError("DEADLINE_EXCEEDED", text, { cause: trouble });
  }

  /**
   * Waits.
   *
   * @throws The reason of the signal, when it is aborted in the meantime.
   */
  async sleep(milliseconds: number): Promise<void> {
    try {
      await sleep(milliseconds, undefined, { signal: this.signal });
    } catch {
      this.signal.throwIfAborted();
    }
  }

  /**
   * Waits for something that can't be ended itself.
   *
   * @throws The reason of the signal, when it is aborted in the meantime.
   */
  async within<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    let forget = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      forget = whenAborted(signal, () => reject(signal.reason));
    });
    try {
      return await Promise.race([aborted, promise]);
    } finally {
      forget();
    }
  }

  /** Ends the call, which then throws the reason. */
  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** Lets go of everything; the call is over. */
  end(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#open.delete(this.#controller);
  }
}

/**
 * Returns the milliseconds for a call.
 *
 * @throws RangeError if they are not more than 0.
 */
export function checkTimeout(timeoutMs: number): number {
  if (typeof timeoutMs === "number" && timeoutMs > 0) {
    return timeoutMs;
  }
  throw new RangeError(`timeoutMs has to be a number above 0, not ${String(timeoutMs)}`);
}

/** Does something when a signal is aborted, or now if it is; returns what forgets about it. */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) {
    act();
    return () => undefined;
  }
  signal.addEventListener("abort", act, { once: true });
  return () => signal.removeEventListener("abort", act);
}

function listen(signal: AbortSignal, abort: () => void): void {
  // One signal may be that of many calls, which Node would warn of as a leak.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", abort);
}

function closedError(): CancelledError {
  return new CancelledError("CANCELLED", "the client was closed");
}
