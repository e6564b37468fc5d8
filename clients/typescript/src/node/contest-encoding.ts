// Conversions from the settings of contests to the messages of requests.

import type { MessageInitShape } from "@bufbuild/protobuf";

import type { ContestSettings, ResetScheduleSettings, RuleSettings } from "../contest-model.js";
import { encode, encodeEnum, encodeInteger, encodePart } from "../encoding.js";
import {
  type Contest as ContestMessage,
  ContestSchema,
  type ResetSchedule as ResetScheduleMessage,
  ResetScheduleSchema,
} from "../gen/leaderboard/v1/contests_pb.js";
import * as pb from "../gen/leaderboard/v1/leaderboard_pb.js";
import { encodeDate, encodeDuration } from "./times.js";

/** The settings of a contest beside its rules, with their names in the contract. */
const SETTINGS: Readonly<Record<Exclude<keyof ContestSettings, "rules">, string>> = {
  displayName: "display_name",
  startsAt: "starts_at",
  endsAt: "ends_at",
  expireAfterMs: "expire_after",
  resetSchedule: "reset_schedule",
  keepSeasons: "keep_seasons",
};

/**
 * Returns the message of a contest.
 *
 * @throws InvalidRequestError if a value can't be encoded.
 */
export function encodeContest(contestId: string, settings: ContestSettings): ContestMessage {
  const { displayName, rules, startsAt, endsAt, expireAfterMs, resetSchedule, keepSeasons } =
    settings;
  return encodePart("contest", () =>
    encode(ContestSchema, {
      contestId,
      displayName: displayName ?? "",
      rules: encodeRules(rules ?? {}),
      ...(isGiven(startsAt) && { startsAt: encodeDate(SETTINGS.startsAt, startsAt) }),
      ...(isGiven(endsAt) && { endsAt: encodeDate(SETTINGS.endsAt, endsAt) }),
      ...(isGiven(expireAfterMs) && {
        expireAfter: encodeDuration(SETTINGS.expireAfterMs, expireAfterMs),
      }),
      ...(isGiven(resetSchedule) && { resetSchedule: encodeSchedule(resetSchedule) }),
      ...(isGiven(keepSeasons) && { keepSeasons }),
    }),
  );
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

function encodeSchedule({ cron, timeZone }: ResetScheduleSettings): ResetScheduleMessage {
  return encodePart(SETTINGS.resetSchedule, () =>
    encode(ResetScheduleSchema, { cron, timeZone: timeZone ?? "" }),
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
  return isGiven(value) ? { [rule]: encodeInteger(`rules.${name}`, value) } : {};
}

/** Returns the settings that are given, as paths of the contract. */
export function pathsOf(settings: ContestSettings): string[] {
  const { rules } = settings;
  const given = Object.entries(SETTINGS).filter(
    ([setting]) => settings[setting as keyof typeof SETTINGS] !== undefined,
  );
  const givenRules = pb.ContestRulesSchema.fields.filter(
    ({ localName }) => rules?.[localName as keyof RuleSettings] !== undefined,
  );
  return [
    ...given.map(([, path]) => path),
    ...(rules === null ? ["rules"] : givenRules.map(({ name }) => `rules.${name}`)),
  ];
}
