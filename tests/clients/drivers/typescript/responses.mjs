// Converts the client's results to the JSON of the drivers: plain objects with the contract's names.

/** Returns the result of an update. */
export function updateResult(result) {
  return {
    user: user(result.user),
    previous_score: result.previousScore,
    previous_rank: result.previousRank,
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
    total_users: rank.totalUsers,
    percentile: rank.percentile,
    position: rank.position,
  };
}

/** Returns a change of a row. */
export function scoreChange({ user: ranked, previousRank, points, eventType, eventTime }) {
  return {
    user: user(ranked),
    previous_rank: previousRank,
    points,
    event_type: eventType,
    event_time: eventTime?.toISOString() ?? null,
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
  };
}

const KINDS = new Set([
  "InvalidRequestError",
  "OutOfRangeError",
  "NotFoundError",
  "RequestIdReusedError",
  "FailedPreconditionError",
  "OverloadedError",
  "UnavailableError",
  "DeadlineExceededError",
  "CancelledError",
]);

function user({ userId, score, rank, displayName }) {
  return { user_id: userId, score, rank, display_name: displayName };
}

function instant(text) {
  const [, whole, fraction = ""] = /^([^.]*?)(?:\.(\d+))?Z$/.exec(text);
  const seconds = BigInt(Date.parse(`${whole}Z`) / 1000);
  return { seconds, nanos: Number(fraction.padEnd(9, "0").slice(0, 9)) };
}
