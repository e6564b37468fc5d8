// The calls of the users of contests, which are methods of a client.

import { hiddenUsersOf, usersChangedOf } from "../contest-decoding.js";
import type { ErasedPart, HiddenUser, UsersChanged } from "../contest-model.js";
import { encode, encodeUserIds } from "../encoding.js";
import { ContestService } from "../gen/leaderboard/v1/contests_pb.js";
import type { CallOptions, UnaryCalls } from "../unary-calls.js";

/** The options of `listHiddenUsers`. */
export interface HiddenUsersOptions extends CallOptions {
  /** The maximum number of users that one call returns, up to 1,000. Default: 100. */
  readonly pageSize?: number | undefined;
}

/** The options of `eraseUser`. */
export interface EraseOptions extends CallOptions {
  /** The `nextPageToken` of the part to continue after. Default: empty, begin with the first. */
  readonly pageToken?: string | undefined;
}

const { method } = ContestService;

/**
 * The calls of the users of contests: the part of a client that removes, hides and erases them. All
 * of these can be repeated, so all are retried.
 */
export abstract class ContestUserCalls {
  readonly #calls: UnaryCalls;

  /** Called by `ContestCalls`. */
  protected constructor(calls: UnaryCalls) {
    this.#calls = calls;
  }

  /**
   * Removes up to 1,000 users from the current season of a contest in one atomic step, and counts
   * those that had a score. Users and contests that do not exist are no error.
   */
  async removeUsers(
    contestId: string,
    userIds: Iterable<string>,
    options: CallOptions = {},
  ): Promise<UsersChanged> {
    const users = { contestId, userIds: encodeUserIds(userIds) };
    const request = encode(method.removeUsers.input, users);
    return usersChangedOf(await this.#calls.unary(method.removeUsers, request, options));
  }

  /**
   * Hides up to 1,000 users of a contest in one atomic step, and counts those that were not hidden.
   * Their rows leave the board, also in later seasons, while their writes count on, without a rank.
   * A user without a score is hidden too, for when it gets one.
   */
  async hideUsers(
    contestId: string,
    userIds: Iterable<string>,
    options: CallOptions = {},
  ): Promise<UsersChanged> {
    const users = { contestId, userIds: encodeUserIds(userIds) };
    const request = encode(method.hideUsers.input, users);
    return usersChangedOf(await this.#calls.unary(method.hideUsers, request, options));
  }

  /**
   * Ends the hiding of up to 1,000 users in one atomic step, and counts those that were hidden.
   * Each returns to the board with its present score, as if it had never been hidden.
   */
  async unhideUsers(
    contestId: string,
    userIds: Iterable<string>,
    options: CallOptions = {},
  ): Promise<UsersChanged> {
    const users = { contestId, userIds: encodeUserIds(userIds) };
    const request = encode(method.unhideUsers.input, users);
    return usersChangedOf(await this.#calls.unary(method.unhideUsers, request, options));
  }

  /**
   * Yields the hidden users of a contest, in no particular order. Each page of them is a call, with
   * the timeout of a call.
   */
  async *listHiddenUsers(
    contestId: string,
    options: HiddenUsersOptions = {},
  ): AsyncGenerator<HiddenUser, void, undefined> {
    const { pageSize = 0 } = options;
    let pageToken = "";
    do {
      const request = encode(method.listHiddenUsers.input, { contestId, pageSize, pageToken });
      const response = await this.#calls.unary(method.listHiddenUsers, request, options);
      yield* hiddenUsersOf(response);
      pageToken = response.nextPageToken;
    } while (pageToken);
  }

  /**
   * Erases a user from all contests and their seasons, hidden or not, with all that names it. Each
   * part of them is a call, with the timeout of a call, and is yielded when it is done; nothing is
   * erased before the iteration begins, and no more after it is left. It can be continued with the
   * token of a part, and begun again at any time.
   */
  async *eraseUser(
    userId: string,
    options: EraseOptions = {},
  ): AsyncGenerator<ErasedPart, void, undefined> {
    let { pageToken = "" } = options;
    do {
      const request = encode(method.eraseUser.input, { userId, pageToken });
      const { contestsChanged, nextPageToken } = await this.#calls.unary(
        method.eraseUser,
        request,
        options,
      );
      yield { contestsChanged, nextPageToken };
      pageToken = nextPageToken;
    } while (pageToken);
  }
}
