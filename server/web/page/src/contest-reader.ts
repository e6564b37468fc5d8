// Reads the settings of a contest when there is a reason to: once, after changes, at its times.

import type { Contest, WatchUpdate, WebClient } from "@leaderboard/client/browser";

import type { Clock } from "./clock.js";

/** The reasons of snapshots for which the settings may be others now. */
const CHANGES: ReadonlySet<string> = new Set(["NEW_SEASON", "NEW_EPOCH", "CONTEST_UPDATED"]);

/** The viewers of a contest do not all read at the same moment. */
const JITTER_MS = 2_000;

/** At its own times a contest is read a little later, so that the service is past them. */
const GRACE_MS = 1_000;

/** The least time between two attempts. */
const LEAST_INTERVAL_MS = 5_000;

/** What is read, and who is called with it. */
export interface ContestSource {
  readonly client: Pick<WebClient, "getContest">;
  readonly clock: Clock;
  readonly contestId: string;
  readonly onRead: (contest: Contest) => void;
  /** Called when it could not be read. */
  readonly onFail: () => void;
}

/** The settings of a contest. */
export class ContestReader {
  readonly #source: ContestSource;
  readonly #grace = GRACE_MS + Math.random() * JITTER_MS;
  #contest: Contest | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #timer = 0;

  constructor(source: ContestSource) {
    this.#source = source;
  }

  /** The contest; undefined if it was not read yet. */
  get contest(): Contest | undefined {
    return this.#contest;
  }

  /** Reads the contest if the board of now gives a reason to. */
  observe({ season, snapshotReason, state, changes }: WatchUpdate): void {
    if (!season) return; // The contest does not exist.
    if (!this.#contest) this.#schedule(0);
    else if (snapshotReason && CHANGES.has(snapshotReason)) this.#schedule(JITTER_MS);
    else if (state === "OVER" && this.#contest.state !== "CLOSED") this.#schedule(JITTER_MS);
    else if (changes.length > 0 && this.#contest.state !== "OPEN") this.#schedule(JITTER_MS);
  }

  /** Reads the contest if it has opened, closed or begun a season by the clock. */
  observeTime(): void {
    const { startsAt, endsAt, nextResetAt } = this.#contest ?? {};
    const now = this.#source.clock.now();
    const isDue = [startsAt, endsAt, nextResetAt].some((time) => {
      const at = (time?.getTime() ?? Number.POSITIVE_INFINITY) + this.#grace;
      return at > this.#readAt && at <= now;
    });
    if (isDue) this.#schedule(0);
  }

  /** Forgets a contest that was deleted; it is read again if it begins again. */
  forget(): void {
    this.#contest = undefined;
  }

  /** Reads the contest now. */
  read(): void {
    this.#schedule(0);
  }

  #schedule(jitterMs: number): void {
    if (this.#timer) return;
    const earliest = this.#readAt + LEAST_INTERVAL_MS - this.#source.clock.now();
    const wait = Math.max(Math.random() * jitterMs, earliest);
    this.#timer = window.setTimeout(() => void this.#read(), wait);
  }

  async #read(): Promise<void> {
    const { client, clock, contestId, onRead, onFail } = this.#source;
    this.#readAt = clock.now();
    try {
      this.#contest = await client.getContest(contestId);
      onRead(this.#contest);
    } catch {
      // The state line says what is wrong with the connection; the next update reads it again.
      onFail();
    } finally {
      this.#timer = 0;
    }
  }
}
