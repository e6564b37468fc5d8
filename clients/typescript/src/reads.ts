// The calls that read boards and ranks.

import type { CallOptions, Calls } from "./calls.js";
import { encode, positionOf, rankedUser } from "./encoding.js";
import { LeaderboardService } from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { Position, TopUsers, UserRank } from "./model.js";

/** The options of a read. */
export interface ReadOptions extends CallOptions {
  /**
   * The oldest acceptable state: the response is of this position or a later one, on any server.
   */
  readonly minPosition?: Position | undefined;
}

/** The options of `getTopUsers`. */
export interface TopOptions extends ReadOptions {
  /** The maximum number of users to return, up to 1,000. Default: 10. */
  readonly limit?: number | undefined;
  /** The first rank to return. Default: 1. */
  readonly startRank?: number | undefined;
}

/** The options of `getUserRank`. */
export interface RankOptions extends ReadOptions {
  /** The number of users to return on each side, up to 100. Default: 0. */
  readonly neighbors?: number | undefined;
}

const { method } = LeaderboardService;

/** Makes the call of `Client.getTopUsers`. */
export async function getTopUsers(
  calls: Calls,
  contestId: string,
  options: TopOptions,
): Promise<TopUsers> {
  const { limit = 0, startRank = 0, minPosition } = options;
  const request = encode(method.getTopUsers.input, {
    contestId,
    limit,
    startRank,
    ...(minPosition && { minPosition }),
  });
  const response = await calls.unary(method.getTopUsers, request, options);
  return {
    users: response.users.map(rankedUser),
    totalUsers: response.totalUsers,
    position: positionOf(response.position),
  };
}

/** Makes the call of `Client.getUserRank`. */
export async function getUserRank(
  calls: Calls,
  contestId: string,
  userId: string,
  options: RankOptions,
): Promise<UserRank> {
  const { neighbors = 0, minPosition } = options;
  const request = encode(method.getUserRank.input, {
    contestId,
    userId,
    neighbors,
    ...(minPosition && { minPosition }),
  });
  const response = await calls.unary(method.getUserRank, request, options);
  return {
    user: rankedUser(response.user),
    neighbors: response.neighbors.map(rankedUser),
    totalUsers: response.totalUsers,
    percentile: response.percentile,
    position: positionOf(response.position),
  };
}
