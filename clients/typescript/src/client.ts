// The client of the leaderboard service.

import { create } from "@bufbuild/protobuf";

import { OpenCalls, checkTimeout } from "./call-bounds.js";
import { type CallOptions, Calls } from "./calls.js";
import { Connection } from "./channel-pool.js";
import { batchResult, positionOf, rankedUser, updateResult } from "./converting.js";
import { BrokenAnswerError } from "./errors.js";
import {
  LeaderboardService,
  type UpdateScoreRequest,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import type {
  BatchResult,
  Position,
  ScoreUpdate,
  TopUsers,
  UpdateResult,
  UserRank,
} from "./model.js";
import { messageOf, requestOfUpdate } from "./encoding.js";
import { ScoreBuffer } from "./score-buffer.js";
import type { ScoreBufferOptions } from "./score-buffer-options.js";
import { Server, type ServerOptions } from "./server.js";
import type { WatchUpdate } from "./watch-update.js";
import { type WatchOptions, watch } from "./watch.js";

/** How a client calls its server. */
export interface ClientOptions extends ServerOptions {
  /** The milliseconds for a whole call with all its retries. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** What is asked of a board. */
export interface TopOptions extends CallOptions {
  /** How many users to return, to 1,000. Default: 10. */
  readonly limit?: number | undefined;
  /** The first rank to return. Default: 1. */
  readonly startRank?: number | undefined;
  /** The answer is of this state or a later one, on whichever server. */
  readonly minPosition?: Position | undefined;
}

/** What is asked of a user's rank. */
export interface RankOptions extends CallOptions {
  /** How many users to return on each side, to 100. Default: none. */
  readonly neighbors?: number | undefined;
  /** The answer is of this state or a later one, on whichever server. */
  readonly minPosition?: Position | undefined;
}

const { method } = LeaderboardService;

/**
 * A client of one server or of several behind one address. It may be used by many callers at once.
 *
 * Calls are made again while that may help and there is time: the server is away, overloaded or
 * stops, or the connection breaks. Writes carry a request id, so they count once all the same. A
 * call that fails rejects with a LeaderboardError, one that its signal aborts with the signal's
 * reason.
 */
export class Client {
  readonly #server: Server;
  readonly #connection: Connection;
  readonly #open = new OpenCalls();
  readonly #calls: Calls;
  readonly #timeoutMs: number;

  /**
   * @param address HOST:PORT.
   * @throws TypeError if the address is none, or a token can't be sent or would be in the clear;
   * RangeError if `timeoutMs` is not more than 0.
   */
  constructor(address: string, options: ClientOptions = {}) {
    this.#timeoutMs = checkTimeout(options.timeoutMs ?? 10_000);
    this.#server = new Server(address, options);
    this.#connection = new Connection(this.#server);
    this.#calls = new Calls(this.#server, this.#connection, this.#open, this.#timeoutMs);
  }

  /** Changes the score of one user, and returns the score and rank that this very change led to. */
  async updateScore(update: ScoreUpdate, options: CallOptions = {}): Promise<UpdateResult> {
    const request = requestOfUpdate(update);
    return updateResult(await this.#calls.unary(method.updateScore, request, options));
  }

  /**
   * Applies up to 1,000 updates, and returns one result or one error for each, in order. Those of
   * one contest are one atomic step. What is refused is not sent again; see `scoreBuffer`.
   */
  async batchUpdateScores(
    updates: readonly ScoreUpdate[],
    options: CallOptions = {},
  ): Promise<BatchResult[]> {
    return this.#sendBatch(updates.map(requestOfUpdate), options);
  }

  /** Returns consecutive ranks of a contest, best first; none of an unknown contest. */
  async getTopUsers(contestId: string, options: TopOptions = {}): Promise<TopUsers> {
    const { limit = 0, startRank = 0, minPosition } = options;
    const request = messageOf(method.getTopUsers.input, {
      contestId,
      limit,
      startRank,
      ...(minPosition && { minPosition }),
    });
    const response = await this.#calls.unary(method.getTopUsers, request, options);
    return {
      users: response.users.map(rankedUser),
      totalUsers: response.totalUsers,
      position: positionOf(response.position),
    };
  }

  /** Returns the score and rank of one user; throws NotFoundError where the user has none. */
  async getUserRank(
    contestId: string,
    userId: string,
    options: RankOptions = {},
  ): Promise<UserRank> {
    const { neighbors = 0, minPosition } = options;
    const request = messageOf(method.getUserRank.input, {
      contestId,
      userId,
      neighbors,
      ...(minPosition && { minPosition }),
    });
    const response = await this.#calls.unary(method.getUserRank, request, options);
    return {
      user: rankedUser(response.user),
      neighbors: response.neighbors.map(rankedUser),
      totalUsers: response.totalUsers,
      percentile: response.percentile,
      position: positionOf(response.position),
    };
  }

  /**
   * Watches a contest until it is over, and yields its whole board whenever something is told.
   *
   * A lost connection, a silent one, a server that drains and an unavailable service are healed by
   * themselves: the watch reconnects, for as long as it takes, and resumes where it was, so that no
   * change is missed or told twice. In the meantime the updates have the last board and say that
   * the watch is reconnecting; one comes with each failed attempt. The first update comes before
   * anything was told and has no board.
   *
   * Each stream has a connection of its own. A watch that is not read holds up nothing but itself.
   * Leaving the loop ends it at once, and so does `return()`. What can't heal, such as a malformed
   * contest, is thrown.
   */
  watch(
    contestId: string,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchUpdate, void, undefined> {
    return watch(this.#server, this.#open, contestId, options);
  }

  /**
   * Returns a buffer that gathers updates and sends them as batches in the background.
   *
   * @throws TypeError if there is no `onError`, RangeError if another option is out of its range.
   */
  scoreBuffer(options: ScoreBufferOptions): ScoreBuffer {
    const send = (updates: UpdateScoreRequest[], leftMs: number): Promise<BatchResult[]> =>
      this.#sendBatch(updates, { timeoutMs: Math.min(leftMs, this.#timeoutMs) });
    return new ScoreBuffer(send, this.#open, options);
  }

  /**
   * Ends all that is under way with a CancelledError, which is also what score buffers then tell of
   * the updates that are pending: close those before.
   */
  close(): void {
    this.#open.close();
    this.#connection.close();
  }

  async #sendBatch(updates: UpdateScoreRequest[], options: CallOptions): Promise<BatchResult[]> {
    const request = create(method.batchUpdateScores.input, { updates });
    const { results } = await this.#calls.unary(method.batchUpdateScores, request, options);
    if (results.length !== updates.length) {
      throw new BrokenAnswerError(`${results.length} results came for ${updates.length} updates`);
    }
    return results.map(batchResult);
  }
}
