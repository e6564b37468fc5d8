// From what callers ask to the messages of the contract; what no message can hold is refused.

import { randomUUID } from "node:crypto";

import {
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  clone,
  create,
} from "@bufbuild/protobuf";
import { isFieldError } from "@bufbuild/protobuf/reflect";
import type { Timestamp } from "@bufbuild/protobuf/wkt";

import { InvalidRequestError } from "./errors.js";
import {
  UpdateMode as Mode,
  type UpdateScoreRequest,
  UpdateScoreRequestSchema,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { Instant, ScoreUpdate } from "./model.js";

const MODES = new Map<string, Mode>([
  ["INCREMENT", Mode.INCREMENT],
  ["SET", Mode.SET],
  ["BEST", Mode.BEST],
]);

/**
 * Returns the message of a request.
 *
 * @throws InvalidRequestError if it has a value that no message can hold.
 */
export function messageOf<I extends DescMessage>(
  schema: I,
  request: MessageInitShape<I>,
): MessageShape<I> {
  try {
    // A copy is checked field by field, a new message is not: half of a surrogate pair would arrive
    // as another character, and what is no number fail only when it is sent.
    return clone(schema, create(schema, request));
  } catch (error) {
    if (isFieldError(error)) {
      throw malformed(error.field().name, error.message);
    }
    throw error;
  }
}

/**
 * Returns the message of an update, with a request id of its own if it has none.
 *
 * @throws InvalidRequestError if it has a value that no message can hold.
 */
export function requestOfUpdate(update: ScoreUpdate): UpdateScoreRequest {
  const mode = MODES.get(update.mode ?? "INCREMENT");
  if (mode === undefined) {
    throw malformed("mode", `is ${String(update.mode)}, not INCREMENT, SET or BEST`);
  }
  const moment = update.eventTime ?? undefined;
  return messageOf(UpdateScoreRequestSchema, {
    contestId: update.contestId,
    userId: update.userId,
    points: exact("points", update.points),
    mode,
    requestId: update.requestId || randomUUID().replaceAll("-", ""),
    eventType: update.eventType ?? "",
    displayName: update.displayName ?? "",
    ...(moment === undefined ? {} : { eventTime: timestamp(moment) }),
  });
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
    return instant(moment);
  }
  const milliseconds = moment.getTime();
  if (Number.isNaN(milliseconds)) {
    throw malformed("event_time", "is an invalid date");
  }
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(seconds), nanos: (milliseconds - seconds * 1000) * 1e6 };
}

function instant({ seconds, nanos }: Instant): Omit<Timestamp, "$typeName" | "$unknown"> {
  // From plain JavaScript it may be anything, and what lacks both would be the year 1970.
  if (typeof seconds !== "bigint" || typeof nanos !== "number") {
    throw malformed("event_time", "is neither a Date nor {seconds: a bigint, nanos: a number}");
  }
  return { seconds, nanos };
}
