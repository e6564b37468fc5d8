// The client of the leaderboard service.

import { setMaxListeners } from "node:events";

import { create } from "@bufbuild/protobuf";

import { OpenCalls, checkTimeout } from "../call-bounds.js";
import { InvalidResponseError } from "../errors.js";
import {
  LeaderboardService,
  type UpdateScoreRequest,
} from "../gen/leaderboard/v1/leaderboard_pb.js";
import type {
  BatchResult,
  ScoreRank,
  ScoreUpdate,
  TopUsers,
  UpdateResult,
  UserRank,
  UserRanks,
} from "../model.js";
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
import { Calls } from "./calls.js";
import { ChannelPool } from "./channel-pool.js";
import { ContestCalls } from "./contest-calls.js";
import type { ScoreBufferOptions } from "./score-buffer-options.js";
import { ScoreBuffer } from "./score-buffer.js";
import { type ServerOptions, Servers } from "./servers.js";
import { outsideOfTrace } from "./trace-context.js";
import { batchResult, encodeUpdate, encodeUpdates, updateResult } from "./updates.js";
import { type WatchOptions, watch } from "./watch.js";

/** The options of a client. */
export interface ClientOptions extends ServerOptions {
  /** The milliseconds for a whole call with all its retries. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
}

const { method } = LeaderboardService;

/**
 * A client of one server, or of several. It can make many calls at once.
 *
 * A call is retried while there is time and a retry may help: when the server is unavailable,
 * overloaded or shutting down, or the connection breaks. Writes carry a request id, so they count
 * once. A failed call rejects with a LeaderboardError, an aborted one with the reason of its
 * signal.
 */
export class Client extends ContestCalls {
  readonly #servers: Servers;
  readonly #pool: ChannelPool;
  readonly #open: OpenCalls;
  readonly #calls: Calls;
  readonly #timeoutMs: number;

  /**
   * @param address HOST:PORT; HOST:PORT,HOST:PORT for several servers of one store; or
   * dns:///NAME:PORT for all servers that DNS has for a name. Calls and watches are spread over the
   * servers, and go to the others while one is down.
   * @throws TypeError if the address or the token is invalid, or the token needs TLS; RangeError if
   * `timeoutMs` is not more than 0.
   */
  constructor(address: string, options: ClientOptions = {}) {
    const timeoutMs = checkTimeout(options.timeoutMs ?? 10_000);
    const servers = new Servers(address, options);
    const pool = new ChannelPool(servers);
    // Node would warn of a leak if one signal is shared by many calls.
    const open = new OpenCalls((signal) => setMaxListeners(0, signal));
    const calls = new Calls(servers, pool, open, timeoutMs);
    super(calls);
    this.#servers = servers;
    this.#pool = pool;
    this.#open = open;
    this.#calls = calls;
    this.#timeoutMs = timeoutMs;
  }

  /** Changes the score of one user, and returns the score and rank right after this change. */
  async updateScore(update: ScoreUpdate, options: CallOptions = {}): Promise<UpdateResult> {
    const request = encodeUpdate(update);
    return updateResult(await this.#calls.unary(method.updateScore, request, options));
  }

  /**
   * Applies up to 1,000 updates, and returns one result or error for each, in order. The updates of
   * one contest are one atomic step. Refused updates are not sent again; see `scoreBuffer`.
   */
  async batchUpdateScores(
    updates: readonly ScoreUpdate[],
    options: CallOptions = {},
  ): Promise<BatchResult[]> {
    return this.#sendBatch(encodeUpdates(updates), options);
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
    options: RankOptions = {},
  ): Promise<UserRank> {
    return getUserRank(this.#calls, contestId, userId, options);
  }

  /**
   * Returns the scores and ranks of up to 1,000 users, all of one state. Users without a score are
   * no error: `missingUserIds` names them.
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
   * Watches a contest, and yields the whole board with each message of the service.
   *
   * The watch reconnects by itself, for as long as it takes, after a lost connection, after 30 s
   * without a message, when the server drains or is unavailable, and when the token function fails.
   * It resumes after the position of its board, so no change is missed or repeated. Until then the
   * updates have the last board and the state RECONNECTING; each failed attempt yields one. The
   * first update precedes the first message and has no board.
   *
   * The watch ends after an update with the state OVER or DELETED. Leaving the loop or calling
   * `return()` ends it at once. Final errors, such as a malformed contest id, are thrown. Each
   * stream has a connection of its own. A slow loop delays only its own watch.
   */
  watch(
    contestId: string,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchUpdate, void, undefined> {
    return watch(this.#servers, this.#open, contestId, options);
  }

  /**
   * Returns a buffer that collects updates and sends them as batches in the background.
   *
   * @throws TypeError if `onError` is missing, RangeError if another option is out of its range.
   */
  scoreBuffer(options: ScoreBufferOptions): ScoreBuffer {
    // A batch has updates of many traces.
    const send = (updates: UpdateScoreRequest[], leftMs: number): Promise<BatchResult[]> =>
      outsideOfTrace(() =>
        this.#sendBatch(updates, { timeoutMs: Math.min(leftMs, this.#timeoutMs) }),
      );
    return new ScoreBuffer(send, this.#open, options);
  }

  /**
   * Ends all calls and watches with a CancelledError. Score buffers report their pending updates
   * with it too, so close buffers before the client.
   */
  close(): void {
    this.#open.close();
    this.#pool.close();
  }

  async #sendBatch(updates: UpdateScoreRequest[], options: CallOptions): Promise<BatchResult[]> {
    const request = create(method.batchUpdateScores.input, { updates });
    const { results } = await this.#calls.unary(method.batchUpdateScores, request, options);
    if (results.length !== updates.length) {
      throw new InvalidResponseError(`${results.length} results for ${updates.length} updates`);
    }
    return results.map(batchResult);
  }
}
