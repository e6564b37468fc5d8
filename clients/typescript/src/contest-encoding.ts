// Conversions between contests of callers and the messages of the contract.

import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import type { Contest, ContestRules, ContestSettings, RuleSettings } from "./contest-model.js";
import {
  encode,
  encodeEnum,
  encodeInteger,
  encodePart,
  nameOf,
  positionOf,
} from "./encoding.js";
import { type Contest as ContestMessage, ContestSchema } from "./gen/leaderboard/v1/contests_pb.js";
import * as pb from "./gen/leaderboard/v1/leaderboard_pb.js";

/**
 * Returns the message of a contest.
 *
 * @throws InvalidRequestError if a value can't be encoded.
 */
export function encodeContest(
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
export function pathsOf({ displayName, rules }: ContestSettings): string[] {
  const given = pb.ContestRulesSchema.fields.filter(
    ({ localName }) => rules?.[localName as keyof RuleSettings] !== undefined,
  );
  return [
    ...(displayName === undefined ? [] : ["display_name"]),
    ...(rules === null ? ["rules"] : given.map(({ name }) => `rules.${name}`)),
  ];
}

/** Returns the plain object of a contest. */
export function contestOf(contest: ContestMessage = create(ContestSchema)): Contest {
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
