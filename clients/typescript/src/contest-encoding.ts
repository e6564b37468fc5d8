// Conversions between contests of callers and the messages of the contract.

import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { durationMs, timestampDate } from "@bufbuild/protobuf/wkt";

import type {
  Contest,
  ContestRules,
  ContestSettings,
  HiddenUser,
  ResetScheduleSettings,
  RuleSettings,
  Season,
  UsersChanged,
} from "./contest-model.js";
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
  type HideUsersResponse,
  type ListHiddenUsersResponse,
  type RemoveUsersResponse,
  type ResetSchedule as ResetScheduleMessage,
  ResetScheduleSchema,
  type Season as SeasonMessage,
  ContestState as State,
  type UnhideUsersResponse,
} from "./gen/leaderboard/v1/contests_pb.js";
import * as pb from "./gen/leaderboard/v1/leaderboard_pb.js";
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

/** Returns the plain object of a contest. */
export function contestOf(contest: ContestMessage = create(ContestSchema)): Contest {
  return {
    contestId: contest.contestId,
    displayName: contest.displayName,
    rules: rulesOf(contest.rules),
    startsAt: contest.startsAt && timestampDate(contest.startsAt),
    endsAt: contest.endsAt && timestampDate(contest.endsAt),
    expireAfterMs: contest.expireAfter && durationMs(contest.expireAfter),
    resetSchedule: contest.resetSchedule && {
      cron: contest.resetSchedule.cron,
      timeZone: contest.resetSchedule.timeZone,
    },
    keepSeasons: contest.keepSeasons,
    state: nameOf(State, contest.state),
    season: contest.season,
    totalUsers: contest.totalUsers,
    position: positionOf(contest.position),
    createdAt: contest.createdAt && timestampDate(contest.createdAt),
    nextResetAt: contest.nextResetAt && timestampDate(contest.nextResetAt),
  };
}

/** Returns the plain object of a season. */
export function seasonOf(season: SeasonMessage): Season {
  return {
    number: season.number,
    startedAt: season.startedAt && timestampDate(season.startedAt),
    endedAt: season.endedAt && timestampDate(season.endedAt),
    totalUsers: season.totalUsers,
    position: positionOf(season.position),
  };
}

/** Returns the plain object of users that were removed, hidden or unhidden. */
export function usersChangedOf({
  count,
  position,
}: RemoveUsersResponse | HideUsersResponse | UnhideUsersResponse): UsersChanged {
  return { count, position: positionOf(position) };
}

/** Returns the hidden users of a page. */
export function hiddenUsersOf({
  users,
  userIdsWithoutScore,
}: ListHiddenUsersResponse): HiddenUser[] {
  return [
    ...users.map(({ userId, score, displayName, attributes }) => ({
      userId,
      score,
      displayName,
      attributes,
    })),
    ...userIdsWithoutScore.map((userId) => ({
      userId,
      score: undefined,
      displayName: "",
      attributes: {},
    })),
  ];
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
