// The client of the gateway, for browsers.

import { OpenCalls, checkTimeout } from "../call-bounds.js";
import type { Contest, Season } from "../contest-model.js";
import {
  type ListOptions,
  type SeasonsOptions,
  getContest,
  listContests,
  listSeasons,
} from "../contest-reads.js";
import type { ScoreRank, TopUsers, UserRank, UserRanks } from "../model.js";
import {
  type RankOptions,
  type ReadOptions,
  type ScoreRankOptions,
  type TopOptions,
  batchGetUserRanks,
  getScoreRank,
  getTopUsers,
  getUserRank,
} from "../reads.js";
import type { CallOptions } from "../unary-calls.js";
import type { WatchUpdate } from "../watch-update.js";
import { Gateway, type GatewayOptions } from "./gateway.js";
import { HttpCalls } from "./http-calls.js";
import { type WatchOptions, watch } from "./watch.js";

/** The options of a client. */
export interface WebClientOptions extends GatewayOptions {
  /** The milliseconds for a whole call with all its retries. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** The options of `getUserRank`; the gateway returns no neighbors beside `around`. */
export type WebRankOptions = Omit<RankOptions, "neighbors">;

/**
 * A client of the gateway (`leaderboard web`), which reads and watches. Its calls are those of the
 * client for Node, with the same results.
 *
 * A call is retried while there is time and a retry may help: when the gateway or the service is
 * unavailable, overloaded or shutting down, or there is no network. A failed call rejects with a
 * LeaderboardError, an aborted one with the reason of its signal. What the browser has in its cache
 * is used if the gateway says that it is up to date.
 */
export class WebClient {
  readonly #gateway: Gateway;
  readonly #open = new OpenCalls();
  readonly #calls: HttpCalls;

  /**
   * @throws TypeError if the URL or the token is invalid, or the token needs https; RangeError if
   * `timeoutMs` is not more than 0.
   */
  constructor(options: WebClientOptions = {}) {
    const timeoutMs = checkTimeout(options.timeoutMs ?? 10_000);
    this.#gateway = new Gateway(options);
    this.#calls = new HttpCalls(this.#gateway, this.#open, timeoutMs);
  }

  /** Returns a contest; throws NotFoundError if it does not exist. */
  async getContest(contestId: string, options: CallOptions = {}): Promise<Contest> {
    return getContest(this.#calls, contestId, options);
  }

  /**
   * Yields contests in the order of their ids, also those that began with a score. Each page of
   * them is a call, with the timeout of a call.
   */
  async *listContests(options: ListOptions = {}): AsyncGenerator<Contest, void, undefined> {
    yield* listContests(this.#calls, options);
  }

  /**
   * Yields the seasons of a contest, the latest first: the current one, and those that are kept.
   * Each page of them is a call, with the timeout of a call; throws NotFoundError without a
   * contest.
   */
  async *listSeasons(
    contestId: string,
    options: SeasonsOptions = {},
  ): AsyncGenerator<Season, void, undefined> {
    yield* listSeasons(this.#calls, contestId, options);
  }

  /** Returns consecutive rows of a contest, best first. An unknown contest has an empty board. */
  async getTopUsers(contestId: string, options: TopOptions = {}): Promise<TopUsers> {
    return getTopUsers(this.#calls, contestId, options);
  }

  /**
   * Returns the score and rank of one user; throws NotFoundError if the user has no score or is
   * hidden.
   */
  async getUserRank(
    contestId: string,
    userId: string,
    options: WebRankOptions = {},
  ): Promise<UserRank> {
    return getUserRank(this.#calls, contestId, userId, options);
  }

  /**
   * Returns the scores and ranks of users, all of one state: up to 1,000, and as many as a URL has
   * room for. Users without a score are no error: `missingUserIds` names them.
   */
  async batchGetUserRanks(
    contestId: string,
    userIds: Iterable<string>,
    options: ReadOptions = {},
  ): Promise<UserRanks> {
    return batchGetUserRanks(this.#calls, contestId, userIds, options);
  }

  /**
   * Returns the rank that a new user with a score would have. An unknown contest has an empty
   * board.
   */
  async getScoreRank(
    contestId: string,
    score: bigint | number,
    options: ScoreRankOptions = {},
  ): Promise<ScoreRank> {
    return getScoreRank(this.#calls, contestId, score, options);
  }

  /**
   * Watches the first rows of a contest, and yields the whole board with each message.
   *
   * The watch reconnects by itself, for as long as it takes, after a lost connection, after 30 s
   * without a message, when the gateway drains or is unavailable, and when the token function fails.
   * It resumes after the position of its board, so no change is missed or repeated. Until then the
   * updates have the last board and the state RECONNECTING; each failed attempt yields one, and so
   * does a gateway that has lost the service. The first update precedes the first message and has no
   * board.
   *
   * The watch ends after an update with the state OVER or DELETED. Leaving the loop or calling
   * `return()` ends it at once. Final errors, such as a malformed contest id or a refused token, are
   * thrown. A slow loop delays only its own watch; what waits for it is bounded.
   */
  watch(
    contestId: string,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchUpdate, void, undefined> {
    return watch(this.#gateway, this.#open, contestId, options);
  }

  /** Ends all calls and watches with a CancelledError. */
  close(): void {
    this.#open.close();
  }
}
