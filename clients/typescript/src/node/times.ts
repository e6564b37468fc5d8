// Conversions from times of callers to those of the contract.

import { create } from "@bufbuild/protobuf";
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";

import { invalidRequest } from "../errors.js";
import type { Instant } from "../model.js";

const NANOS = 1_000_000_000;
const MS_NANOS = 1_000_000;

/**
 * Returns the message of a date.
 *
 * @throws InvalidRequestError if it is none.
 */
export function encodeDate(field: string, date: Date): Timestamp {
  // JavaScript callers may pass anything.
  const milliseconds = date instanceof Date ? date.getTime() : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    throw invalidRequest(field, "is not a valid Date");
  }
  const seconds = Math.floor(milliseconds / 1000);
  const nanos = (milliseconds - seconds * 1000) * MS_NANOS;
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos });
}

/**
 * Returns the message of a time.
 *
 * @throws InvalidRequestError if it is none.
 */
export function encodeTime(field: string, time: Date | Instant): Timestamp {
  if (time instanceof Date) {
    return encodeDate(field, time);
  }
  const { seconds, nanos } = time;
  const isInstant =
    typeof seconds === "bigint" &&
    BigInt.asIntN(64, seconds) === seconds &&
    Number.isInteger(nanos) &&
    nanos >= 0 &&
    nanos < NANOS;
  if (!isInstant) {
    throw invalidRequest(field, "is neither a Date nor {seconds: bigint, nanos: number}");
  }
  return create(TimestampSchema, { seconds, nanos });
}

/**
 * Returns the message of a duration.
 *
 * @throws InvalidRequestError if it is none.
 */
export function encodeDuration(field: string, milliseconds: number): Duration {
  if (!Number.isFinite(milliseconds) || Math.abs(milliseconds) > Number.MAX_SAFE_INTEGER) {
    throw invalidRequest(field, `is ${String(milliseconds)}, not a number of milliseconds`);
  }
  const seconds = Math.trunc(milliseconds / 1000);
  const nanos = Math.round((milliseconds - seconds * 1000) * MS_NANOS);
  // The fraction of a second may be rounded up to a whole one.
  const carry = Math.trunc(nanos / NANOS);
  return create(DurationSchema, {
    seconds: BigInt(seconds + carry),
    // Adding 0 makes a 0 of -0, which would be sent.
    nanos: nanos - carry * NANOS + 0,
  });
}
