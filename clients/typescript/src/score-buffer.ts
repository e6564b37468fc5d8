// Gathers updates and sends them as batches in the background, with bounded memory.

import type { CallBounds, OpenCalls } from "./call-bounds.js";
import { LeaderboardError, OverloadedError } from "./errors.js";
import type { UpdateScoreRequest } from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { BatchResult, ScoreUpdate } from "./model.js";
import { requestOfUpdate } from "./encoding.js";
import { retryDelay } from "./retry-delay.js";
import {
  type BufferSettings,
  type ScoreBufferOptions,
  settingsOf,
} from "./score-buffer-options.js";

/** Sends updates together, and returns one result for each. */
export type Send = (
  updates: UpdateScoreRequest[],
  timeoutMs: number,
) => Promise<readonly BatchResult[]>;

interface Pending {
  readonly update: ScoreUpdate;
  readonly request: UpdateScoreRequest;
  readonly number: number;
  readonly endsAt: number;
}

interface Flush {
  readonly upTo: number;
  readonly done: () => void;
}

/**
 * The least milliseconds for an attempt: where updates run out of time all along, it would have
 * next to none otherwise, and nothing would ever arrive.
 */
const LEAST_MS = 1_000;

/** A buffer of updates. Each keeps its request id until it is acknowledged, so it counts once. */
export class ScoreBuffer {
  readonly #send: Send;
  readonly #open: OpenCalls;
  readonly #settings: BufferSettings;
  /** What is not settled yet, in the order of adding; the first ones may be on their way. */
  readonly #queue: Pending[] = [];
  readonly #waiting: (() => void)[] = [];
  #flushes: Flush[] = [];
  #added = 0;
  #acknowledged = 0;
  #refused = 0;
  #failures = 0;
  #isClosed = false;
  #isSending = false;
  #hurry = (): void => undefined;

  /** Made by `Client.scoreBuffer`. */
  constructor(send: Send, open: OpenCalls, options: ScoreBufferOptions) {
    this.#settings = settingsOf(options);
    this.#send = send;
    this.#open = open;
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
   * @throws InvalidRequestError if the update has a value that no message can hold, CancelledError
   * if the client is closed, or an Error if the buffer is.
   */
  async add(update: ScoreUpdate): Promise<void> {
    if (this.#isClosed) {
      throw new Error("the buffer is closed");
    }
    const { batchSize, maxPending, giveUpAfterMs } = this.#settings;
    const request = requestOfUpdate(update);
    const sending = this.#isSending ? undefined : this.#open.begin(Infinity, undefined);
    this.#queue.push({
      update: { ...update, requestId: request.requestId },
      request,
      number: ++this.#added,
      endsAt: performance.now() + giveUpAfterMs,
    });
    if (sending) {
      void this.#sendAll(sending);
    }
    if (this.#queue.length >= batchSize) {
      this.#hurry();
    }
    if (this.#queue.length > maxPending) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Waits until all updates that were added before are acknowledged or given up. */
  async flush(): Promise<void> {
    if (this.#queue.length === 0) {
      return;
    }
    await new Promise<void>((done) => {
      this.#flushes.push({ upTo: this.#added, done });
      this.#hurry();
    });
  }

  /** Takes no more updates, and waits until all are acknowledged or given up. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  /** Sends until nothing is left; what ends that before, such as a closed client, is told. */
  async #sendAll(bounds: CallBounds): Promise<void> {
    this.#isSending = true;
    let ended: Error | undefined;
    try {
      while (this.#queue.length > 0) {
        await this.#linger(bounds);
        const trouble = await this.#sendSome();
        if (trouble) {
          await this.#pauseAfter(trouble, bounds);
        } else {
          this.#failures = 0;
        }
      }
    } catch (error) {
      ended = error as Error;
    }
    bounds.end();
    this.#hurry();
    this.#isSending = false;
    if (ended) {
      this.#giveUp(this.#queue.length, ended);
    }
  }

  /** Waits for others to be sent with, unless there are enough or someone waits for the end. */
  async #linger(bounds: CallBounds): Promise<void> {
    if (this.#queue.length >= this.#settings.batchSize || this.#flushes.length > 0) {
      return;
    }
    const lingered = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#settings.lingerMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await bounds.within(lingered);
  }

  /** Sends a batch once; returns why some of it has to be sent again, if it has. */
  async #sendSome(): Promise<LeaderboardError | undefined> {
    const batch = this.#queue.slice(0, this.#settings.batchSize);
    const errors = await this.#errorsOf(batch);
    const again = batch.filter((_, index) => isRetryable(errors[index]));
    this.#queue.splice(0, batch.length, ...again);
    for (const [index, pending] of batch.entries()) {
      const error = errors[index];
      if (!error) {
        this.#acknowledged++;
      } else if (!isRetryable(error)) {
        this.#refuse(pending, error);
      }
    }
    this.#settle();
    const troubles = errors.filter(isRetryable);
    return troubles.sort((one, other) => askedBy(other) - askedBy(one))[0];
  }

  /**
   * Sends updates, and returns for each why it was not taken, if it was not. What is too large is
   * sent in halves: one update must not cost the others.
   */
  async #errorsOf(batch: readonly Pending[]): Promise<readonly (Error | undefined)[]> {
    const left = (batch[0]?.endsAt ?? 0) - performance.now();
    try {
      const requests = batch.map((pending) => pending.request);
      const results = await this.#send(requests, Math.max(left, LEAST_MS));
      return results.map((result) => (result.ok ? undefined : result.error));
    } catch (error) {
      if (batch.length === 1 || !(error instanceof OverloadedError) || error.retryable) {
        return batch.map(() => error as Error);
      }
      const half = Math.ceil(batch.length / 2);
      const first = await this.#errorsOf(batch.slice(0, half));
      return [...first, ...(await this.#errorsOf(batch.slice(half)))];
    }
  }

  /** Waits before the next batch. What has waited for too long is given up when its time is up. */
  async #pauseAfter(trouble: LeaderboardError, bounds: CallBounds): Promise<void> {
    let now = performance.now();
    const until = now + retryDelay(this.#failures++, trouble.retryAfterMs);
    while (now < until) {
      const next = this.#queue.findIndex(({ endsAt }) => endsAt > now);
      this.#giveUp(next < 0 ? this.#queue.length : next, trouble);
      const [first] = this.#queue;
      if (!first) {
        return;
      }
      await bounds.sleep(Math.min(until, first.endsAt) - now);
      now = performance.now();
    }
  }

  #giveUp(count: number, error: Error): void {
    const given = this.#queue.splice(0, count);
    given.forEach((pending) => this.#refuse(pending, error));
    this.#settle();
  }

  #refuse({ update }: Pending, error: Error): void {
    this.#refused++;
    try {
      this.#settings.onError(update, error);
    } catch (thrown) {
      // It is no fault of the buffer, which has to tell of the others.
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  /** Lets go on who waits for what is no longer in the queue. */
  #settle(): void {
    while (this.#waiting.length > Math.max(this.#queue.length - this.#settings.maxPending, 0)) {
      this.#waiting.shift()?.();
    }
    const first = this.#queue[0]?.number ?? Infinity;
    this.#flushes.filter(({ upTo }) => upTo < first).forEach(({ done }) => done());
    this.#flushes = this.#flushes.filter(({ upTo }) => upTo >= first);
  }
}

function isRetryable(error: Error | undefined): error is LeaderboardError {
  return error instanceof LeaderboardError && error.retryable;
}

function askedBy({ retryAfterMs = 0 }: LeaderboardError): number {
  return retryAfterMs;
}
