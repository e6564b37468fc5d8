// Conversions between the plain objects of callers and the messages of the contract.

import { randomUUID } from "node:crypto";

import {
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  clone,
  create,
  fromBinary,
} from "@bufbuild/protobuf";
import { isFieldError } from "@bufbuild/protobuf/reflect";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import {
  InvalidRequestError,
  InvalidResponseError,
  LeaderboardError,
  invalidRequest,
} from "./errors.js";
import * as pb from "./gen/leaderboard/v1/leaderboard_pb.js";
import type {
  BatchResult,
  Position,
  RankedUser,
  ScoreChange,
  ScoreUpdate,
  UpdateResult,
} from "./model.js";
import { errorOfUpdate } from "./rpc-status.js";
import { encodeTime } from "./times.js";

/** A generated enum: its values by their names, and its names by their values. */
type EnumOf<E extends number> = Readonly<Record<string, E | string>>;

/**
 * Returns the message of a request.
 *
 * @throws InvalidRequestError if a value can't be encoded.
 */
export function encode<I extends DescMessage>(
  schema: I,
  request: MessageInitShape<I>,
): MessageShape<I> {
  try {
    // `clone` checks each field, `create` does not: an unpaired surrogate would be replaced by
    // another character, and a wrong number would fail only when the message is sent.
    return clone(schema, create(schema, request));
  } catch (error) {
    if (isFieldError(error)) {
      throw invalidRequest(error.field().name, error.message);
    }
    throw error;
  }
}

/**
 * Returns the message of an update, with a new request id if the update has none.
 *
 * @throws InvalidRequestError if a value can't be encoded.
 */
export function encodeUpdate(update: ScoreUpdate): pb.UpdateScoreRequest {
  const time = update.eventTime ?? undefined;
  return encode(pb.UpdateScoreRequestSchema, {
    contestId: update.contestId,
    userId: update.userId,
    points: encodeInteger("points", update.points),
    mode: encodeEnum("mode", pb.UpdateMode, update.mode),
    requestId: update.requestId || randomUUID().replaceAll("-", ""),
    eventType: update.eventType ?? "",
    displayName: update.displayName ?? "",
    clearDisplayName: update.clearDisplayName ?? false,
    attributes: encodeAttributes(update.attributes ?? {}),
    season: update.season ?? 0,
    ...(time === undefined ? {} : { eventTime: encodeTime("event_time", time) }),
  });
}

/**
 * Returns the messages of the updates of a batch.
 *
 * @throws InvalidRequestError if a value can't be encoded; it names the update too.
 */
export function encodeUpdates(updates: readonly ScoreUpdate[]): pb.UpdateScoreRequest[] {
  return updates.map((update, index) =>
    encodePart(`updates[${index}]`, () => encodeUpdate(update)),
  );
}

/**
 * Returns the message of a part of a request.
 *
 * @param path The field of the request that is the part.
 * @throws InvalidRequestError if a value can't be encoded; it names the field of the request.
 */
export function encodePart<Part>(path: string, encodeIt: () => Part): Part {
  try {
    return encodeIt();
  } catch (error) {
    const [violation] = error instanceof InvalidRequestError ? error.violations : [];
    if (violation) {
      throw invalidRequest(`${path}.${violation.field}`, violation.description);
    }
    throw error;
  }
}

/**
 * Returns the 64-bit integer of a field.
 *
 * @throws InvalidRequestError if the value is none.
 */
export function encodeInteger(field: string, value: bigint | number): bigint {
  if (
    typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value)
  ) {
    return BigInt(value);
  }
  throw invalidRequest(field, `is ${String(value)}, not a 64-bit bigint or a safe integer`);
}

/**
 * Returns the value of an enum that has a name; without a name the unspecified one.
 *
 * @throws InvalidRequestError if no other value has the name.
 */
export function encodeEnum<E extends number>(
  field: string,
  values: EnumOf<E>,
  name: string | null | undefined,
): E {
  const named = Object.keys(values).filter((each) => typeof values[each] === "number");
  const [unspecified, ...names] = named as [string, ...string[]];
  if (name === null || name === undefined || names.includes(name)) {
    return values[name ?? unspecified] as E;
  }
  throw invalidRequest(field, `is ${String(name)}, not ${names.join(" or ")}`);
}

/** Returns the name of an enum's value; `UNSPECIFIED` for one that this client does not know. */
export function nameOf<Name extends string>(
  values: Readonly<Record<Name, number>> & Readonly<Record<number, string>>,
  value: number,
): Name | "UNSPECIFIED" {
  return (values[value] ?? "UNSPECIFIED") as Name | "UNSPECIFIED";
}

/**
 * Returns the users of a request.
 *
 * @throws InvalidRequestError if they are a string, which would be read as a list of characters.
 */
export function encodeUserIds(userIds: Iterable<string>): string[] {
  if (typeof userIds === "string") {
    throw invalidRequest("user_ids", "is a string, not a list of strings");
  }
  return [...userIds];
}

function encodeAttributes(attributes: Readonly<Record<string, string>>): Record<string, string> {
  // JavaScript callers may pass anything; a Map would become an object without attributes.
  if (typeof attributes !== "object" || Symbol.iterator in attributes) {
    throw invalidRequest("attributes", "is not an object with a string for each name");
  }
  return { ...attributes };
}

/**
 * Decodes a response.
 *
 * @throws LeaderboardError with INTERNAL if it is malformed.
 */
export function decode<O extends DescMessage>(schema: O, response: Uint8Array): MessageShape<O> {
  try {
    return fromBinary(schema, response);
  } catch (error) {
    const text = `the response is not a valid ${schema.typeName}`;
    throw new LeaderboardError("INTERNAL", text, { cause: error });
  }
}

/** Returns the plain object of an update's response. */
export function updateResult(response: pb.UpdateScoreResponse): UpdateResult {
  return {
    user: rankedUser(response.user),
    previousScore: response.previousScore,
    previousRank: response.previousRank,
    previousPlace: response.previousPlace,
    applied: response.applied,
    replayed: response.replayed,
    position: positionOf(response.position),
  };
}

/** Returns the plain object of one result of a batch. */
export function batchResult({ outcome }: pb.BatchUpdateResult): BatchResult {
  switch (outcome.case) {
    case "response":
      return { ok: true, result: updateResult(outcome.value) };
    case "status":
      return { ok: false, error: errorOfUpdate(outcome.value) };
    default:
      return { ok: false, error: new InvalidResponseError("an update has no outcome") };
  }
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
