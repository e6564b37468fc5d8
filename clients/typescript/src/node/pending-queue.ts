// The pending updates of a score buffer, and the calls of `add` that wait for room.

import type { UpdateScoreRequest } from "../gen/leaderboard/v1/leaderboard_pb.js";
import type { ScoreUpdate } from "../model.js";

/** An update that is not done yet. */
export interface PendingUpdate {
  readonly update: ScoreUpdate;
  readonly request: UpdateScoreRequest;
  readonly number: number;
  readonly expiresAt: number;
}

interface Waiting {
  readonly admit: () => void;
  readonly reject: (error: Error) => void;
}

/** The pending updates, in the order of adding; the first ones may be in flight. */
export class PendingQueue {
  readonly #maxPending: number;
  readonly #giveUpAfterMs: number;
  readonly #pending: PendingUpdate[] = [];
  readonly #waiting: Waiting[] = [];
  #added = 0;

  constructor(maxPending: number, giveUpAfterMs: number) {
    this.#maxPending = maxPending;
    this.#giveUpAfterMs = giveUpAfterMs;
  }

  /** The number of pending updates. */
  get length(): number {
    return this.#pending.length;
  }

  /** The number of the last update that was added or waits for room. */
  get lastNumber(): number {
    return this.#added;
  }

  /** The number of the first update that is not done; infinite if there is none. */
  get firstNumber(): number {
    return this.#pending[0]?.number ?? Infinity;
  }

  /** The time at which the first update is given up. */
  get firstExpiry(): number {
    return this.#pending[0]?.expiresAt ?? Infinity;
  }

  /** Adds an update, now if there is room; the promise resolves when it is added. */
  add(update: ScoreUpdate, request: UpdateScoreRequest): Promise<void> {
    const number = ++this.#added;
    const admit = (): void => {
      const expiresAt = performance.now() + this.#giveUpAfterMs;
      const identified = { ...update, requestId: request.requestId };
      this.#pending.push({ update: identified, request, number, expiresAt });
    };
    if (this.#pending.length < this.#maxPending) {
      admit();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        admit: () => {
          admit();
          resolve();
        },
        reject,
      });
    });
  }

  /** Returns up to `size` of the first updates. */
  first(size: number): PendingUpdate[] {
    return this.#pending.slice(0, size);
  }

  /** Returns how many of the first updates are given up at a time. */
  expired(now: number): number {
    const next = this.#pending.findIndex(({ expiresAt }) => expiresAt > now);
    return next < 0 ? this.#pending.length : next;
  }

  /** Replaces the first updates by those that are sent again, and returns them. */
  replaceFirst(count: number, again: readonly PendingUpdate[] = []): PendingUpdate[] {
    return this.#pending.splice(0, count, ...again);
  }

  /** Adds updates that wait for room, as many as there is room for. */
  admit(): void {
    while (this.#pending.length < this.#maxPending && this.#waiting.length > 0) {
      this.#waiting.shift()?.admit();
    }
  }

  /** Rejects the updates that wait for room. */
  rejectWaiting(error: Error): void {
    this.#waiting.splice(0).forEach(({ reject }) => reject(error));
  }
}
