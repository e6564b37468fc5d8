// Converts the client's results to the JSON of the drivers: plain objects with the contract's names.

/** Returns the result of an update. */
export function updateResult(result) {
  return {
    user: user(result.user),
    previous_score: result.previousScore,
    previous_rank: result.previousRank,
    previous_place: result.previousPlace,
    applied: result.applied,
    replayed: result.replayed,
    position: result.position,
  };
}

/** Returns a board. */
export function topUsers({ users, totalUsers, position }) {
  return { users: users.map(user), total_users: totalUsers, position };
}

/** Returns the rank of a user. */
export function userRank(rank) {
  return {
    user: user(rank.user),
    neighbors: rank.neighbors.map(user),
    around: rank.around.map(user),
    total_users: rank.totalUsers,
    percentile: rank.percentile,
    position: rank.position,
  };
}

/** Returns the ranks of several users. */
export function userRanks({ users, missingUserIds, totalUsers, position }) {
  return {
    users: users.map(user),
    missing_user_ids: missingUserIds,
    total_users: totalUsers,
    position,
  };
}

/** Returns the rank of a score. */
export function scoreRank({ rank, place, around, totalUsers, position }) {
  return { rank, place, around: around.map(user), total_users: totalUsers, position };
}

/** Returns a contest, with the rules that are not the default and the settings that are set. */
export function contestOf(contest) {
  const { contestId, displayName, rules, state, season, totalUsers, position } = contest;
  const changed = Object.entries(RULES)
    .map(([name, [rule, byDefault]]) => [name, rules[rule], byDefault])
    .filter(([, value, byDefault]) => value !== byDefault)
    .map(([name, value]) => [name, value]);
  return {
    contest_id: contestId,
    display_name: displayName,
    rules: Object.fromEntries(changed),
    state,
    starts_at: contest.startsAt && textOf(contest.startsAt),
    ends_at: contest.endsAt && textOf(contest.endsAt),
    expire_after: contest.expireAfterMs && contest.expireAfterMs / 1000,
    reset_schedule: contest.resetSchedule && {
      cron: contest.resetSchedule.cron,
      time_zone: contest.resetSchedule.timeZone,
    },
    keep_seasons: contest.keepSeasons,
    next_reset_at: contest.nextResetAt && textOf(contest.nextResetAt),
    season,
    total_users: totalUsers,
    position,
  };
}

/** Returns a season; a time that it does not have is null. */
export function seasonOf({ number, startedAt, endedAt, totalUsers, position }) {
  return {
    number,
    started_at: startedAt ? textOf(startedAt) : null,
    ended_at: endedAt ? textOf(endedAt) : null,
    total_users: totalUsers,
    position,
  };
}

/** Returns hidden users by their ids. */
export function hiddenUsers(users) {
  const rows = users.map(({ userId, score = null, displayName, attributes }) => {
    return { user_id: userId, score, display_name: displayName, attributes };
  });
  return { users: rows.sort((one, other) => (one.user_id < other.user_id ? -1 : 1)) };
}

/** Returns a change of a row. */
export function scoreChange(change) {
  return {
    user: user(change.user),
    removed: change.removed,
    previous_rank: change.previousRank,
    previous_place: change.previousPlace,
    points: change.points,
    event_type: change.eventType,
    event_time: change.eventTime?.toISOString() ?? null,
  };
}

/** Returns an error, of a call or of one update. */
export function errorOf(error, wasCancelled = false) {
  if (wasCancelled && error.name === "AbortError") {
    return { ...errorOf({}), kind: "Cancelled", code: "CANCELLED", message: error.message };
  }
  return {
    kind: KINDS.has(error.name) ? error.name.replace(/Error$/, "") : "Other",
    code: error.code ?? "UNKNOWN",
    reason: error.reason ?? "",
    metadata: error.metadata ?? {},
    violations: error.violations ?? [],
    retry_after_s: error.retryAfterMs === undefined ? null : error.retryAfterMs / 1000,
    retryable: error.retryable ?? false,
    message: error.message ?? "",
  };
}

/** Returns the update in the arguments of an operation. */
export function updateOf(args) {
  return {
    contestId: args.contest_id,
    userId: args.user_id,
    points: args.points ?? 0n,
    mode: args.mode,
    requestId: args.request_id,
    eventType: args.event_type,
    eventTime: args.event_time === undefined ? undefined : instant(args.event_time),
    displayName: args.display_name,
    attributes: args.attributes,
    clearDisplayName: args.clear_display_name,
    season: args.season,
  };
}

/** Returns the settings in the arguments of an operation; what is null stays null. */
export function settingsOf({ display_name: displayName, rules, ...more }) {
  const renamed = ([name, value]) => [RULES[name][0], value];
  return {
    displayName,
    rules: rules && Object.fromEntries(Object.entries(rules).map(renamed)),
    startsAt: more.starts_at && new Date(more.starts_at),
    endsAt: more.ends_at && new Date(more.ends_at),
    expireAfterMs: more.expire_after && more.expire_after * 1000,
    resetSchedule: more.reset_schedule && {
      cron: more.reset_schedule.cron,
      timeZone: more.reset_schedule.time_zone,
    },
    keepSeasons: more.keep_seasons,
  };
}

/** The rules of contests: the name of the client, and the default. */
const RULES = {
  order: ["order", "HIGHEST_FIRST"],
  tie_break: ["tieBreak", "FIRST_REACHED"],
  rank_style: ["rankStyle", "ORDINAL"],
  default_mode: ["defaultMode", "INCREMENT"],
  min_score: ["minScore", undefined],
  max_score: ["maxScore", undefined],
  max_points: ["maxPoints", undefined],
};

const KINDS = new Set([
  "InvalidRequestError",
  "OutOfRangeError",
  "NotFoundError",
  "RequestIdReusedError",
  "AlreadyExistsError",
  "FailedPreconditionError",
  "OverloadedError",
  "UnavailableError",
  "DeadlineExceededError",
  "CancelledError",
]);

function user({ userId, score, rank, place, displayName, attributes }) {
  return { user_id: userId, score, rank, place, display_name: displayName, attributes };
}

/** Returns a time as text; whole seconds have no fraction. */
function textOf(time) {
  return time.toISOString().replace(".000Z", "Z");
}

function instant(text) {
  const [, whole, fraction = ""] = /^([^.]*?)(?:\.(\d+))?Z$/.exec(text);
  const seconds = BigInt(Date.parse(`${whole}Z`) / 1000);
  return { seconds, nanos: Number(fraction.padEnd(9, "0").slice(0, 9)) };
}
