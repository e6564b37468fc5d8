// Gathers updates and sends them as batches in the background, with bounded memory.

import { setTimeout as sleep } from "node:timers/promises";

import { requestOfUpdate } from "./converting.js";
import { CancelledError, LeaderboardError, isBroken, isRetryable } from "./errors.js";
import type { BatchResult, ScoreUpdate } from "./model.js";
import { retryDelay } from "./retry-delay.js";

/** How a buffer gathers and sends. */
export interface ScoreBufferOptions {
  /** Told of each update that is given up, with the reason. */
  readonly onError: (update: ScoreUpdate, error: Error) => void;
  /** How many updates may wait or be on their way; more have `add` wait. Default: 10,000. */
  readonly maxPending?: number | undefined;
  /** How many updates are sent together at most, to 1,000. Default: 500. */
  readonly batchSize?: number | undefined;
  /** The milliseconds that an update waits for others to be sent with. Default: 50. */
  readonly lingerMs?: number | undefined;
  /** The milliseconds after which an update is given up that can't be sent. Default: 60,000. */
  readonly giveUpAfterMs?: number | undefined;
}

/** Sends updates together. */
export type Send = (updates: readonly ScoreUpdate[]) => Promise<readonly BatchResult[]>;

interface Pending {
  readonly update: ScoreUpdate;
  readonly number: number;
  sentAt: number | undefined;
}

interface Flush {
  readonly upTo: number;
  remaining: number;
  readonly done: () => void;
}

/** The longest batch that the service takes. */
const LONGEST_BATCH = 1_000;

/** A buffer of updates. Each keeps its request id until it is acknowledged, so it counts once. */
export class ScoreBuffer {
  readonly #send: Send;
  readonly #onError: ScoreBufferOptions["onError"];
  readonly #maxPending: number;
  readonly #batchSize: number;
  readonly #lingerMs: number;
  readonly #giveUpAfterMs: number;
  readonly #queue: Pending[] = [];
  readonly #waiting: (() => void)[] = [];
  #flushes: Flush[] = [];
  #pending = 0;
  #added = 0;
  #acknowledged = 0;
  #refused = 0;
  #failures = 0;
  #isClosed = false;
  #isSending = false;
  #hurry = (): void => undefined;

  /** Made by `Client.scoreBuffer`. */
  constructor(send: Send, options: ScoreBufferOptions) {
    this.#send = send;
    this.#onError = options.onError;
    this.#maxPending = within("maxPending", options.maxPending ?? 10_000, Infinity);
    this.#batchSize = within("batchSize", options.batchSize ?? 500, LONGEST_BATCH);
    this.#lingerMs = options.lingerMs ?? 50;
    this.#giveUpAfterMs = options.giveUpAfterMs ?? 60_000;
  }

  /** How many updates the service has taken. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** How many updates were given up; `onError` was told of each. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Adds an update, and waits while there are too many.
   *
   * @throws InvalidRequestError if the update has a value that no message can hold, or an Error if
   * the buffer is closed.
   */
  async add(update: ScoreUpdate): Promise<void> {
    if (this.#isClosed) {
      throw new Error("the buffer is closed");
    }
    const { requestId } = requestOfUpdate(update);
    const number = ++this.#added;
    this.#queue.push({ update: { ...update, requestId }, number, sentAt: undefined });
    this.#pending++;
    if (this.#queue.length >= this.#batchSize) {
      this.#hurry();
    }
    if (!this.#isSending) {
      void this.#sendAll();
    }
    if (this.#pending > this.#maxPending) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Waits until all updates that were added before are acknowledged or given up. */
  async flush(): Promise<void> {
    if (this.#pending === 0) {
      return;
    }
    await new Promise<void>((done) => {
      this.#flushes.push({ upTo: this.#added, remaining: this.#pending, done });
      this.#hurry();
    });
  }

  /** Takes no more updates, and waits until all are acknowledged or given up. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#queue.length > 0) {
      await this.#linger();
      const delay = await this.#sendSome(this.#queue.splice(0, this.#batchSize));
      if (delay) {
        await sleep(delay);
      }
    }
    this.#isSending = false;
  }

  /** Waits for others to be sent with, unless there are enough or someone waits for the end. */
  async #linger(): Promise<void> {
    if (this.#queue.length >= this.#batchSize || this.#flushes.length > 0) {
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#lingerMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Sends a batch once; returns the milliseconds to wait if some of it has to be sent again. */
  async #sendSome(batch: readonly Pending[]): Promise<number> {
    const now = performance.now();
    for (const pending of batch) {
      pending.sentAt ??= now;
    }
    const outcomes = await this.#outcomes(batch);
    const again: Pending[] = [];
    let askedMs = 0;
    for (const [index, pending] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome?.ok) {
        this.#acknowledged++;
        this.#settle(pending);
      } else if (outcome && this.#isWorthAnother(pending, outcome.error)) {
        again.push(pending);
        askedMs = Math.max(askedMs, outcome.error.retryAfterMs ?? 0);
      } else {
        this.#refuse(pending, outcome?.error);
      }
    }
    this.#queue.unshift(...again);
    this.#failures = again.length === batch.length ? this.#failures + 1 : 0;
    return again.length > 0 ? retryDelay(this.#failures, askedMs) : 0;
  }

  async #outcomes(batch: readonly Pending[]): Promise<readonly BatchResult[]> {
    try {
      return await this.#send(batch.map((pending) => pending.update));
    } catch (error) {
      return batch.map(() => ({ ok: false, error: error as LeaderboardError }));
    }
  }

  #isWorthAnother({ sentAt }: Pending, error: Error): boolean {
    if (performance.now() - (sentAt ?? 0) >= this.#giveUpAfterMs) {
      return false;
    }
    // The client is closed, or what gives its tokens failed: nothing that passes by itself.
    if (!(error instanceof LeaderboardError) || error instanceof CancelledError) {
      return false;
    }
    return isRetryable(error) || isBroken(error);
  }

  #refuse({ update, number }: Pending, error: Error | undefined): void {
    this.#refused++;
    try {
      this.#onError(update, error ?? new Error("the update has no outcome"));
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
    this.#settle({ number });
  }

  #settle({ number }: Pick<Pending, "number">): void {
    this.#pending--;
    this.#waiting.shift()?.();
    for (const flush of this.#flushes) {
      if (number <= flush.upTo && --flush.remaining === 0) {
        this.#flushes = this.#flushes.filter((each) => each !== flush);
        flush.done();
      }
    }
  }
}

function within(name: string, value: number, most: number): number {
  if (value >= 1 && value <= most) {
    return value;
  }
  throw new RangeError(`${name} has to be from 1 to ${most}, not ${value}`);
}
