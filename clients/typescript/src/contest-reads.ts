// The calls that read contests and their seasons.

import { contestOf, seasonOf } from "./contest-decoding.js";
import type { Contest, ContestState, Season } from "./contest-model.js";
import { encode, encodeEnum } from "./encoding.js";
import { ContestService, ContestState as State } from "./gen/leaderboard/v1/contests_pb.js";
import type { CallOptions, UnaryCalls } from "./unary-calls.js";

/** The options of `listContests`. */
export interface ListOptions extends CallOptions {
  /** The beginning of the ids of the contests. Default: empty, all contests. */
  readonly idPrefix?: string | undefined;
  /** The maximum number of contests that one call returns, up to 1,000. Default: 100. */
  readonly pageSize?: number | undefined;
  /** The state of the contests. Default: any. */
  readonly state?: ContestState | undefined;
}

/** The options of `listSeasons`. */
export interface SeasonsOptions extends CallOptions {
  /** The maximum number of seasons that one call returns, up to 1,000. Default: 100. */
  readonly pageSize?: number | undefined;
}

const { method } = ContestService;

/** Makes the call of `getContest`. */
export async function getContest(
  calls: UnaryCalls,
  contestId: string,
  options: CallOptions,
): Promise<Contest> {
  const request = encode(method.getContest.input, { contestId });
  return contestOf((await calls.unary(method.getContest, request, options)).contest);
}

/** Makes the calls of `listContests`, one for each page. */
export async function* listContests(
  calls: UnaryCalls,
  options: ListOptions,
): AsyncGenerator<Contest, void, undefined> {
  const { idPrefix = "", pageSize = 0 } = options;
  const state = encodeEnum("state", State, options.state);
  let pageToken = "";
  do {
    const page = { idPrefix, pageSize, pageToken, state };
    const request = encode(method.listContests.input, page);
    const response = await calls.unary(method.listContests, request, options);
    yield* response.contests.map(contestOf);
    pageToken = response.nextPageToken;
  } while (pageToken);
}

/** Makes the calls of `listSeasons`, one for each page. */
export async function* listSeasons(
  calls: UnaryCalls,
  contestId: string,
  options: SeasonsOptions,
): AsyncGenerator<Season, void, undefined> {
  const { pageSize = 0 } = options;
  let pageToken = "";
  do {
    const request = encode(method.listSeasons.input, { contestId, pageSize, pageToken });
    const response = await calls.unary(method.listSeasons, request, options);
    yield* response.seasons.map(seasonOf);
    pageToken = response.nextPageToken;
  } while (pageToken);
}
