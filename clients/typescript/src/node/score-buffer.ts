// Collects updates and sends them as batches in the background, with bounded memory.

import { type CallBounds, type OpenCalls, onAbort } from "../call-bounds.js";
import { BufferClosedError, LeaderboardError, OverloadedError } from "../errors.js";
import type { UpdateScoreRequest } from "../gen/leaderboard/v1/leaderboard_pb.js";
import type { BatchResult, ScoreUpdate } from "../model.js";
import { retryDelay } from "../retry-delay.js";
import { PendingQueue, type PendingUpdate } from "./pending-queue.js";
import {
  type BufferSettings,
  type ScoreBufferOptions,
  settingsOf,
} from "./score-buffer-options.js";
import { encodeUpdate } from "./updates.js";

/** Sends a batch of updates, and returns one result for each. */
export type Send = (
  updates: UpdateScoreRequest[],
  timeoutMs: number,
) => Promise<readonly BatchResult[]>;

interface Flush {
  readonly upTo: number;
  readonly done: () => void;
}

/**
 * The minimum milliseconds for an attempt, also if its updates have less time left: they may have
 * waited behind others because the service is slow, and with less time none would succeed.
 */
const MIN_ATTEMPT_MS = 1_000;

/** A buffer of updates. Each keeps its request id until it is acknowledged, so it counts once. */
export class ScoreBuffer {
  readonly #send: Send;
  readonly #open: OpenCalls;
  readonly #settings: BufferSettings;
  readonly #queue: PendingQueue;
  #flushes: Flush[] = [];
  #acknowledged = 0;
  #refused = 0;
  #failures = 0;
  #isClosed = false;
  #isSending = false;
  #stopLingering = (): void => undefined;

  /** Called by `Client.scoreBuffer`. */
  constructor(send: Send, open: OpenCalls, options: ScoreBufferOptions) {
    this.#settings = settingsOf(options);
    this.#queue = new PendingQueue(this.#settings.maxPending, this.#settings.giveUpAfterMs);
    this.#send = send;
    this.#open = open;
  }

  /** The number of updates accepted by the service. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The number of updates refused for good or given up; `onError` was called for each. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Adds an update, and waits while too many updates are pending.
   *
   * @throws InvalidRequestError if a value of the update can't be encoded, CancelledError if the
   * client is closed, or BufferClosedError if the buffer is closed. The update is not sent then.
   */
  async add(update: ScoreUpdate): Promise<void> {
    if (this.#isClosed) {
      throw new BufferClosedError();
    }
    const request = encodeUpdate(update);
    const bounds = this.#isSending ? undefined : this.#open.begin(Infinity, undefined);
    const added = this.#queue.add(update, request);
    if (bounds) {
      void this.#sendAll(bounds);
    }
    if (this.#queue.length >= this.#settings.batchSize) {
      this.#stopLingering();
    }
    await added;
  }

  /** Waits until all updates added before are acknowledged, refused or given up. */
  async flush(): Promise<void> {
    if (this.#queue.length === 0) {
      return;
    }
    await new Promise<void>((done) => {
      this.#flushes.push({ upTo: this.#queue.lastNumber, done });
      this.#stopLingering();
    });
  }

  /** Stops accepting updates, and flushes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  /**
   * Sends until the queue is empty. When the client is closed, the remaining updates are refused.
   */
  async #sendAll(bounds: CallBounds): Promise<void> {
    this.#isSending = true;
    const { signal } = bounds;
    const removeListener = onAbort(signal, () => this.#queue.rejectWaiting(signal.reason));
    let ended: Error | undefined;
    try {
      while (this.#queue.length > 0) {
        await this.#linger(bounds);
        const error = await this.#sendBatch();
        if (error) {
          await this.#waitToRetry(error, bounds);
        } else {
          this.#failures = 0;
        }
      }
    } catch (error) {
      ended = error as Error;
    }
    removeListener();
    bounds.release();
    this.#stopLingering();
    this.#isSending = false;
    if (ended) {
      // Some may have begun to wait since the signal was aborted.
      this.#queue.rejectWaiting(ended);
      this.#giveUp(this.#queue.length, ended);
    }
  }

  /** Waits for more updates, unless a batch is full or a flush is waiting. */
  async #linger(bounds: CallBounds): Promise<void> {
    if (this.#queue.length >= this.#settings.batchSize || this.#flushes.length > 0) {
      return;
    }
    const lingered = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#settings.lingerMs);
      this.#stopLingering = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await bounds.waitFor(lingered);
  }

  /**
   * Sends a batch once; returns the error with the longest requested delay if a retry is needed.
   */
  async #sendBatch(): Promise<LeaderboardError | undefined> {
    const batch = this.#queue.first(this.#settings.batchSize);
    const errors = await this.#errorsOf(batch);
    const retries = batch.filter((_, index) => isRetryable(errors[index]));
    this.#queue.replaceFirst(batch.length, retries);
    for (const [index, pending] of batch.entries()) {
      const error = errors[index];
      if (!error) {
        this.#acknowledged++;
      } else if (!isRetryable(error)) {
        this.#refuse(pending, error);
      }
    }
    this.#notifyWaiting();
    const retryable = errors.filter(isRetryable);
    return retryable.sort((one, other) => (other.retryAfterMs ?? 0) - (one.retryAfterMs ?? 0))[0];
  }

  /**
   * Sends updates, and returns the error of each, or undefined if it was accepted. A batch that is
   * too large is sent in halves: one oversized update must not fail the others.
   */
  async #errorsOf(batch: readonly PendingUpdate[]): Promise<readonly (Error | undefined)[]> {
    const leftMs = (batch[0]?.expiresAt ?? 0) - performance.now();
    try {
      const requests = batch.map((pending) => pending.request);
      const results = await this.#send(requests, Math.max(leftMs, MIN_ATTEMPT_MS));
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

  /** Waits before the next batch, and gives up each update when its time is over. */
  async #waitToRetry(error: LeaderboardError, bounds: CallBounds): Promise<void> {
    let now = performance.now();
    const until = now + retryDelay(this.#failures++, error.retryAfterMs);
    while (now < until) {
      this.#giveUp(this.#queue.expired(now), error);
      if (this.#queue.length === 0) {
        return;
      }
      await bounds.sleep(Math.min(until, this.#queue.firstExpiry) - now);
      now = performance.now();
    }
  }

  #giveUp(count: number, error: Error): void {
    this.#queue.replaceFirst(count).forEach((pending) => this.#refuse(pending, error));
    this.#notifyWaiting();
  }

  #refuse({ update }: PendingUpdate, error: Error): void {
    this.#refused++;
    try {
      this.#settings.onError(update, error);
    } catch (thrown) {
      // An error of the callback is uncaught: the buffer still has to report the other updates.
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  /** Resolves the calls of `add` that have room now, and the flushes that are done. */
  #notifyWaiting(): void {
    this.#queue.admit();
    const first = this.#queue.firstNumber;
    this.#flushes.filter(({ upTo }) => upTo < first).forEach(({ done }) => done());
    this.#flushes = this.#flushes.filter(({ upTo }) => upTo >= first);
  }
}

function isRetryable(error: Error | undefined): error is LeaderboardError {
  return error instanceof LeaderboardError && error.retryable;
}
