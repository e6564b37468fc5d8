// What the client gives, in the words of the drivers: names as in the contract, plain JSON.

/** An update's result. */
export function updated(result) {
  return {
    user: user(result.user),
    previous_score: result.previousScore,
    previous_rank: result.previousRank,
    applied: result.applied,
    replayed: result.replayed,
    position: result.position,
  };
}

/** A board. */
export function board({ users, totalUsers, position }) {
  return { users: users.map(user), total_users: totalUsers, position };
}

/** A user's rank. */
export function ranked(rank) {
  return {
    user: user(rank.user),
    neighbors: rank.neighbors.map(user),
    total_users: rank.totalUsers,
    percentile: rank.percentile,
    position: rank.position,
  };
}

/** A change of a row. */
export function changed({ user: told, previousRank, points, eventType, eventTime }) {
  return {
    user: user(told),
    previous_rank: previousRank,
    points,
    event_type: eventType,
    event_time: eventTime?.toISOString() ?? null,
  };
}

/** A failure, of a call or of one update. */
export function failure(error, wasCancelled = false) {
  if (wasCancelled && error.name === "AbortError") {
    return { ...failure({}), kind: "Cancelled", code: "CANCELLED", message: error.message };
  }
  return {
    kind: KINDS.has(error.name) ? error.name.replace(/Error$/, "") : "Other",
    code: error.code ?? "UNKNOWN",
    reason: error.reason ?? "",
    metadata: error.metadata ?? {},
    violations: error.violations ?? [],
    retry_after_s: error.retryAfterMs === undefined ? null : error.retryAfterMs / 1000,
    message: error.message ?? "",
  };
}

/** The arguments of an update, as the client takes them. */
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
