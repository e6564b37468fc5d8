// The calls that create, read, list and change contests.

import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import type { CallOptions, Calls } from "./calls.js";
import type { Contest, ContestRules, ContestSettings, RuleSettings } from "./contest-model.js";
import {
  encode,
  encodeEnum,
  encodeInteger,
  encodePart,
  nameOf,
  positionOf,
} from "./encoding.js";
import {
  type Contest as ContestMessage,
  ContestSchema,
  ContestService,
} from "./gen/leaderboard/v1/contests_pb.js";
import * as pb from "./gen/leaderboard/v1/leaderboard_pb.js";

/** The options of `listContests`. */
export interface ListOptions extends CallOptions {
  /** The beginning of the ids of the contests. Default: empty, all contests. */
  readonly idPrefix?: string | undefined;
  /** The maximum number of contests that one call returns, up to 1,000. Default: 100. */
  readonly pageSize?: number | undefined;
}

const { method } = ContestService;

/** Makes the call of `Client.createContest`. */
export async function createContest(
  calls: Calls,
  contestId: string,
  settings: ContestSettings,
  options: CallOptions,
): Promise<Contest> {
  const contest = encodeContest(contestId, settings);
  const request = encode(method.createContest.input, { contest });
  return contestOf((await calls.unary(method.createContest, request, options)).contest);
}

/** Makes the call of `Client.getContest`. */
export async function getContest(
  calls: Calls,
  contestId: string,
  options: CallOptions,
): Promise<Contest> {
  const request = encode(method.getContest.input, { contestId });
  return contestOf((await calls.unary(method.getContest, request, options)).contest);
}

/** Makes the calls of `Client.listContests`, one for each page. */
export async function* listContests(
  calls: Calls,
  options: ListOptions,
): AsyncGenerator<Contest, void, undefined> {
  const { idPrefix = "", pageSize = 0 } = options;
  let pageToken = "";
  do {
    const request = encode(method.listContests.input, { idPrefix, pageSize, pageToken });
    const response = await calls.unary(method.listContests, request, options);
    yield* response.contests.map(contestOf);
    pageToken = response.nextPageToken;
  } while (pageToken);
}

/** Makes the call of `Client.updateContest`. */
export async function updateContest(
  calls: Calls,
  contestId: string,
  settings: ContestSettings,
  options: CallOptions,
): Promise<Contest> {
  const request = encode(method.updateContest.input, {
    contest: encodeContest(contestId, settings),
    updateMask: { paths: pathsOf(settings) },
  });
  return contestOf((await calls.unary(method.updateContest, request, options)).contest);
}

function encodeContest(
  contestId: string,
  { displayName, rules }: ContestSettings,
): ContestMessage {
  return encodePart("contest", () =>
    encode(ContestSchema, {
      contestId,
      displayName: displayName ?? "",
      rules: encodeRules(rules ?? {}),
    }),
  );
}

function encodeRules(rules: RuleSettings): MessageInitShape<typeof pb.ContestRulesSchema> {
  return {
    order: encodeEnum("rules.order", pb.Order, rules.order),
    tieBreak: encodeEnum("rules.tie_break", pb.TieBreak, rules.tieBreak),
    rankStyle: encodeEnum("rules.rank_style", pb.RankStyle, rules.rankStyle),
    defaultMode: encodeEnum("rules.default_mode", pb.UpdateMode, rules.defaultMode),
    ...encodeBound("minScore", rules),
    ...encodeBound("maxScore", rules),
    ...encodeBound("maxPoints", rules),
  };
}

function encodeBound(
  rule: "minScore" | "maxScore" | "maxPoints",
  { [rule]: value }: RuleSettings,
): MessageInitShape<typeof pb.ContestRulesSchema> {
  const { name } = pb.ContestRulesSchema.field[rule];
  return value === null || value === undefined
    ? {}
    : { [rule]: encodeInteger(`rules.${name}`, value) };
}

/** Returns the settings that are given, as paths of the contract. */
function pathsOf({ displayName, rules }: ContestSettings): string[] {
  const given = pb.ContestRulesSchema.fields.filter(
    ({ localName }) => rules?.[localName as keyof RuleSettings] !== undefined,
  );
  return [
    ...(displayName === undefined ? [] : ["display_name"]),
    ...(rules === null ? ["rules"] : given.map(({ name }) => `rules.${name}`)),
  ];
}

/** Returns the plain object of a contest. */
function contestOf(contest: ContestMessage = create(ContestSchema)): Contest {
  return {
    contestId: contest.contestId,
    displayName: contest.displayName,
    rules: rulesOf(contest.rules),
    totalUsers: contest.totalUsers,
    position: positionOf(contest.position),
    createdAt: contest.createdAt && timestampDate(contest.createdAt),
  };
}

function rulesOf(rules: pb.ContestRules = create(pb.ContestRulesSchema)): ContestRules {
  return {
    order: nameOf(pb.Order, rules.order || pb.Order.HIGHEST_FIRST),
    tieBreak: nameOf(pb.TieBreak, rules.tieBreak || pb.TieBreak.FIRST_REACHED),
    rankStyle: nameOf(pb.RankStyle, rules.rankStyle || pb.RankStyle.ORDINAL),
    defaultMode: nameOf(pb.UpdateMode, rules.defaultMode || pb.UpdateMode.INCREMENT),
    minScore: rules.minScore,
    maxScore: rules.maxScore,
    maxPoints: rules.maxPoints,
  };
}
