// Conversions between the updates of callers and the messages of the contract.

import { randomUUID } from "node:crypto";

import { positionOf, rankedUser } from "../decoding.js";
import { encode, encodeEnum, encodeInteger, encodePart } from "../encoding.js";
import { InvalidResponseError, invalidRequest } from "../errors.js";
import * as pb from "../gen/leaderboard/v1/leaderboard_pb.js";
import type { BatchResult, ScoreUpdate, UpdateResult } from "../model.js";
import { errorOfUpdate } from "./rpc-status.js";
import { encodeTime } from "./times.js";

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

function encodeAttributes(attributes: Readonly<Record<string, string>>): Record<string, string> {
  // JavaScript callers may pass anything; a Map would become an object without attributes.
  if (typeof attributes !== "object" || Symbol.iterator in attributes) {
    throw invalidRequest("attributes", "is not an object with a string for each name");
  }
  return { ...attributes };
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
