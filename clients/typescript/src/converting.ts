// Between the plain objects of callers and the messages of the contract.

import { randomUUID } from "node:crypto";

import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

import { InvalidRequestError, LeaderboardError } from "./errors.js";
import * as pb from "./gen/leaderboard/v1/leaderboard_pb.js";
import type {
  BatchResult,
  Instant,
  Position,
  RankedUser,
  ScoreChange,
  ScoreUpdate,
  UpdateResult,
} from "./model.js";
import { errorOfUpdate } from "./refusal.js";

const MODES = new Map<string, pb.UpdateMode>([
  ["INCREMENT", pb.UpdateMode.INCREMENT],
  ["SET", pb.UpdateMode.SET],
  ["BEST", pb.UpdateMode.BEST],
]);

/**
 * Returns the message of an update, with a request id of its own if it has none.
 *
 * @throws InvalidRequestError if it has a value that no message can hold.
 */
export function requestOfUpdate(update: ScoreUpdate): pb.UpdateScoreRequest {
  const mode = MODES.get(update.mode ?? "INCREMENT");
  if (mode === undefined) {
    throw malformed("mode", `is ${String(update.mode)}, not INCREMENT, SET or BEST`);
  }
  const init: MessageInitShape<typeof pb.UpdateScoreRequestSchema> = {
    contestId: update.contestId,
    userId: update.userId,
    points: exact("points", update.points),
    mode,
    requestId: update.requestId || randomUUID().replaceAll("-", ""),
    eventType: update.eventType ?? "",
    displayName: update.displayName ?? "",
  };
  if (update.eventTime !== undefined) {
    init.eventTime = timestamp(update.eventTime);
  }
  return create(pb.UpdateScoreRequestSchema, init);
}

/** Returns what a message tells of an update. */
export function updateResult(response: pb.UpdateScoreResponse): UpdateResult {
  return {
    user: rankedUser(response.user),
    previousScore: response.previousScore,
    previousRank: response.previousRank,
    applied: response.applied,
    replayed: response.replayed,
    position: positionOf(response.position),
  };
}

/** Returns what a message tells of one update of a batch. */
export function batchResult({ outcome }: pb.BatchUpdateResult): BatchResult {
  switch (outcome.case) {
    case "response":
      return { ok: true, result: updateResult(outcome.value) };
    case "status":
      return { ok: false, error: errorOfUpdate(outcome.value) };
    default:
      return { ok: false, error: new LeaderboardError("INTERNAL", "an update has no outcome") };
  }
}

/** Returns the plain form of a user. */
export function rankedUser(user: pb.RankedUser = create(pb.RankedUserSchema)): RankedUser {
  const { userId, score, rank, displayName } = user;
  return { userId, score, rank, displayName };
}

/** Returns the plain form of a position. */
export function positionOf(position: pb.Position = create(pb.PositionSchema)): Position {
  return { epoch: position.epoch, revision: position.revision };
}

/** Returns the plain form of a change. */
export function scoreChange(change: pb.ScoreChange): ScoreChange {
  return {
    user: rankedUser(change.user),
    previousRank: change.previousRank,
    points: change.points,
    eventType: change.eventType,
    eventTime: change.eventTime && timestampDate(change.eventTime),
  };
}

/** Returns the error of a request that can't be sent. */
export function malformed(field: string, description: string): InvalidRequestError {
  const violations = [{ field, description }];
  return new InvalidRequestError("INVALID_ARGUMENT", `${field}: ${description}`, { violations });
}

function exact(field: string, value: bigint | number): bigint {
  if (
    typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value)
  ) {
    return BigInt(value);
  }
  throw malformed(field, `is ${String(value)}, not a 64-bit bigint or a safe integer`);
}

function timestamp(moment: Date | Instant): Omit<Timestamp, "$typeName" | "$unknown"> {
  if (!(moment instanceof Date)) {
    return { seconds: moment.seconds, nanos: moment.nanos };
  }
  const milliseconds = moment.getTime();
  if (Number.isNaN(milliseconds)) {
    throw malformed("event_time", "is an invalid date");
  }
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(seconds), nanos: (milliseconds - seconds * 1000) * 1e6 };
}
