// Conversions from the messages of contests, their seasons and hidden users to plain objects.

import { create } from "@bufbuild/protobuf";
import { durationMs, timestampDate } from "@bufbuild/protobuf/wkt";

import type { Contest, ContestRules, HiddenUser, Season, UsersChanged } from "./contest-model.js";
import { nameOf, positionOf } from "./decoding.js";
import {
  type Contest as ContestMessage,
  ContestSchema,
  type HideUsersResponse,
  type ListHiddenUsersResponse,
  type RemoveUsersResponse,
  type Season as SeasonMessage,
  ContestState as State,
  type UnhideUsersResponse,
} from "./gen/leaderboard/v1/contests_pb.js";
import * as pb from "./gen/leaderboard/v1/leaderboard_pb.js";

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
