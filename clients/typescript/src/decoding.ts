// Conversions from the messages of responses and watches to plain objects.

import { type DescMessage, type MessageShape, create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import { LeaderboardError } from "./errors.js";
import * as pb from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { Position, RankedUser, ScoreChange } from "./model.js";

/**
 * Decodes a response, or a message of a stream.
 *
 * @param read Reads it, from bytes or JSON.
 * @throws LeaderboardError with INTERNAL if it is malformed.
 */
export function decode<O extends DescMessage>(
  schema: O,
  read: (schema: O) => MessageShape<O>,
): MessageShape<O> {
  try {
    return read(schema);
  } catch (error) {
    const text = `the response is not a valid ${schema.typeName}`;
    throw new LeaderboardError("INTERNAL", text, { cause: error });
  }
}

/** Returns the name of an enum's value; `UNSPECIFIED` for one that this client does not know. */
export function nameOf<Name extends string>(
  values: Readonly<Record<Name, number>> & Readonly<Record<number, string>>,
  value: number,
): Name | "UNSPECIFIED" {
  return (values[value] ?? "UNSPECIFIED") as Name | "UNSPECIFIED";
}

/** Returns the plain object of a user. */
export function rankedUser(user: pb.RankedUser = create(pb.RankedUserSchema)): RankedUser {
  const { userId, score, rank, place, displayName, attributes } = user;
  return { userId, score, rank, place, displayName, attributes };
}

/** Returns the plain object of a position. */
export function positionOf(position: pb.Position = create(pb.PositionSchema)): Position {
  return { epoch: position.epoch, revision: position.revision };
}

/** Returns the plain object of a change. */
export function scoreChange(change: pb.ScoreChange): ScoreChange {
  return {
    user: rankedUser(change.user),
    removed: change.removed,
    previousRank: change.previousRank,
    previousPlace: change.previousPlace,
    points: change.points,
    eventType: change.eventType,
    eventTime: change.eventTime && timestampDate(change.eventTime),
  };
}
