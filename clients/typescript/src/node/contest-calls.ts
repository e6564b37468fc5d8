// The calls of contests, which are methods of a client.

import { contestOf } from "../contest-decoding.js";
import type { Contest, ContestSettings, Season } from "../contest-model.js";
import {
  type ListOptions,
  type SeasonsOptions,
  getContest,
  listContests,
  listSeasons,
} from "../contest-reads.js";
import { encode } from "../encoding.js";
import { ContestService } from "../gen/leaderboard/v1/contests_pb.js";
import type { CallOptions, UnaryCalls } from "../unary-calls.js";
import { encodeContest, pathsOf } from "./contest-encoding.js";
import { ContestUserCalls } from "./contest-user-calls.js";

/** The options of `deleteContest`. */
export interface DeleteOptions extends CallOptions {
  /**
   * The epoch of the contest that is meant, as in a position: one with another epoch is not
   * deleted. Default: empty, whatever there is.
   */
  readonly epoch?: string | undefined;
}

const { method } = ContestService;

/**
 * The calls of contests: the part of a client that creates, reads, lists, changes, resets and
 * deletes them. All of these can be repeated, so all are retried.
 */
export abstract class ContestCalls extends ContestUserCalls {
  readonly #calls: UnaryCalls;

  /** Called by `Client`. */
  protected constructor(calls: UnaryCalls) {
    super(calls);
    this.#calls = calls;
  }

  /**
   * Creates a contest. One that exists with the same settings is returned; throws
   * AlreadyExistsError if it exists with other settings.
   */
  async createContest(
    contestId: string,
    settings: ContestSettings = {},
    options: CallOptions = {},
  ): Promise<Contest> {
    const contest = encodeContest(contestId, settings);
    const request = encode(method.createContest.input, { contest });
    return contestOf((await this.#calls.unary(method.createContest, request, options)).contest);
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
   * Changes the settings of a contest that are given, and returns the contest. A setting that is
   * null gets its default. Throws FailedPreconditionError if a rule would reorder a board that has
   * scores.
   */
  async updateContest(
    contestId: string,
    settings: ContestSettings,
    options: CallOptions = {},
  ): Promise<Contest> {
    const request = encode(method.updateContest.input, {
      contest: encodeContest(contestId, settings),
      updateMask: { paths: pathsOf(settings) },
    });
    return contestOf((await this.#calls.unary(method.updateContest, request, options)).contest);
  }

  /**
   * Ends a season of a contest, and returns the contest: its board is kept as a season that is
   * over, and the next season begins with an empty board. A season that is over already is no
   * error; throws FailedPreconditionError if it has not begun, NotFoundError without a contest.
   */
  async resetContest(
    contestId: string,
    season: number,
    options: CallOptions = {},
  ): Promise<Contest> {
    const request = encode(method.resetContest.input, { contestId, season });
    return contestOf((await this.#calls.unary(method.resetContest, request, options)).contest);
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

  /**
   * Deletes a contest with all that it holds, also the request ids of its writes: a write that is
   * sent again after it begins the contest again. A contest that does not exist is no error. A
   * retry may delete a contest that began since, unless `epoch` says which one is meant.
   */
  async deleteContest(contestId: string, options: DeleteOptions = {}): Promise<void> {
    const request = encode(method.deleteContest.input, { contestId, epoch: options.epoch ?? "" });
    await this.#calls.unary(method.deleteContest, request, options);
  }
}
