// From the messages of the contract to the plain objects of callers.

import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import { BrokenAnswerError } from "./errors.js";
import * as pb from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { BatchResult, Position, RankedUser, ScoreChange, UpdateResult } from "./model.js";
import { errorOfUpdate } from "./rpc-status.js";

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
      return { ok: false, error: new BrokenAnswerError("an update has no outcome") };
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
