// The calls that read boards and ranks.

import { positionOf, rankedUser } from "./decoding.js";
import { encode, encodeInteger, encodeUserIds } from "./encoding.js";
import { LeaderboardService } from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { Position, ScoreRank, TopUsers, UserRank, UserRanks } from "./model.js";
import type { CallOptions, UnaryCalls } from "./unary-calls.js";

/** The options of a read. */
export interface ReadOptions extends CallOptions {
  /**
   * The oldest acceptable state: the response is of this position or a later one, on any server.
   */
  readonly minPosition?: Position | undefined;
  /**
   * The number of the season to read, or -1 for the season before the current one. Default: the
   * current season.
   */
  readonly season?: number | undefined;
}

/** The options of `getTopUsers`. */
export interface TopOptions extends ReadOptions {
  /** The maximum number of users to return, up to 1,000. Default: 10. */
  readonly limit?: number | undefined;
  /** The place of the first row to return. Default: 1. */
  readonly startRank?: number | undefined;
}

/** The options of `getUserRank`. */
export interface RankOptions extends ReadOptions {
  /** The number of users to return on each side, up to 100. Default: 0. */
  readonly neighbors?: number | undefined;
  /**
   * The number of consecutive rows to return around the user, the user included, up to 201. At the
   * ends of the board they are as many. Default: 0.
   */
  readonly around?: number | undefined;
}

/** The options of `getScoreRank`. */
export interface ScoreRankOptions extends ReadOptions {
  /**
   * The number of consecutive rows to return around the score, up to 201; the row in the middle is
   * the first one that is not better. Default: 0.
   */
  readonly around?: number | undefined;
}

const { method } = LeaderboardService;

/** Makes the call of `getTopUsers`. */
export async function getTopUsers(
  calls: UnaryCalls,
  contestId: string,
  options: TopOptions,
): Promise<TopUsers> {
  const { limit = 0, startRank = 0, season = 0, minPosition } = options;
  const request = encode(method.getTopUsers.input, {
    contestId,
    limit,
    startRank,
    season,
    ...(minPosition && { minPosition }),
  });
  const response = await calls.unary(method.getTopUsers, request, options);
  return {
    users: response.users.map(rankedUser),
    totalUsers: response.totalUsers,
    position: positionOf(response.position),
  };
}

/** Makes the call of `getUserRank`. */
export async function getUserRank(
  calls: UnaryCalls,
  contestId: string,
  userId: string,
  options: RankOptions,
): Promise<UserRank> {
  const { neighbors = 0, around = 0, season = 0, minPosition } = options;
  const request = encode(method.getUserRank.input, {
    contestId,
    userId,
    neighbors,
    around,
    season,
    ...(minPosition && { minPosition }),
  });
  const response = await calls.unary(method.getUserRank, request, options);
  return {
    user: rankedUser(response.user),
    neighbors: response.neighbors.map(rankedUser),
    around: response.around.map(rankedUser),
    totalUsers: response.totalUsers,
    percentile: response.percentile,
    position: positionOf(response.position),
  };
}

/** Makes the call of `batchGetUserRanks`. */
export async function batchGetUserRanks(
  calls: UnaryCalls,
  contestId: string,
  userIds: Iterable<string>,
  options: ReadOptions,
): Promise<UserRanks> {
  const { season = 0, minPosition } = options;
  const request = encode(method.batchGetUserRanks.input, {
    contestId,
    userIds: encodeUserIds(userIds),
    season,
    ...(minPosition && { minPosition }),
  });
  const response = await calls.unary(method.batchGetUserRanks, request, options);
  return {
    users: response.users.map(rankedUser),
    missingUserIds: response.missingUserIds,
    totalUsers: response.totalUsers,
    position: positionOf(response.position),
  };
}

/** Makes the call of `getScoreRank`. */
export async function getScoreRank(
  calls: UnaryCalls,
  contestId: string,
  score: bigint | number,
  options: ScoreRankOptions,
): Promise<ScoreRank> {
  const { around = 0, season = 0, minPosition } = options;
  const request = encode(method.getScoreRank.input, {
    contestId,
    score: encodeInteger("score", score),
    around,
    season,
    ...(minPosition && { minPosition }),
  });
  const response = await calls.unary(method.getScoreRank, request, options);
  return {
    rank: response.rank,
    place: response.place,
    around: response.around.map(rankedUser),
    totalUsers: response.totalUsers,
    position: positionOf(response.position),
  };
}
