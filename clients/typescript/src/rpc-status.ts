// Reads what a call, or an update of a batch, was refused with from its status.

import { fromBinary } from "@bufbuild/protobuf";
import { type Any, anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { type ServiceError, status } from "@grpc/grpc-js";

import { type ErrorDetails, type LeaderboardError, type StatusCode, errorOf } from "./errors.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "./gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "./gen/google/rpc/status_pb.js";
import type { UpdateStatus } from "./gen/leaderboard/v1/leaderboard_pb.js";

/** The `ErrorInfo` domain of the service. */
export const DOMAIN = "leaderboard.v1";

const DETAILS_TRAILER = "grpc-status-details-bin";

/** Returns the error that a failed call of the library stands for. */
export function errorOfCall(error: ServiceError): LeaderboardError {
  return refusal(error.code, error.details, detailsOf(error), error);
}

/** Returns the error that the status of a refused update of a batch stands for. */
export function errorOfUpdate(refused: UpdateStatus): LeaderboardError {
  return refusal(refused.code, refused.message, refused.details);
}

function detailsOf(error: ServiceError): readonly Any[] {
  const trailer = error.metadata?.get(DETAILS_TRAILER)[0];
  if (!(trailer instanceof Uint8Array)) {
    return [];
  }
  return unlessMalformed(() => fromBinary(StatusSchema, trailer).details) ?? [];
}

function refusal(
  number: number,
  text: string,
  packed: readonly Any[],
  cause?: ServiceError,
): LeaderboardError {
  const details: ErrorDetails = cause ? { cause } : {};
  for (const any of packed) {
    unlessMalformed(() => read(any, details));
  }
  const code = (status[number] ?? "UNKNOWN") as StatusCode;
  const violations = details.violations?.map((each) => `${each.field}: ${each.description}`);
  const message = violations?.join("; ") || text || code;
  return errorOf(code, message.split(/\s+/).join(" ").trim(), details);
}

function read(any: Any, details: ErrorDetails): void {
  const info = anyUnpack(any, ErrorInfoSchema);
  if (info?.domain === DOMAIN) {
    details.reason = info.reason;
    details.metadata = { ...info.metadata };
  }
  const badRequest = anyUnpack(any, BadRequestSchema);
  if (badRequest) {
    details.violations = badRequest.fieldViolations.map(({ field, description }) => ({
      field,
      description,
    }));
  }
  const retry = anyUnpack(any, RetryInfoSchema);
  if (retry) {
    details.retryAfterMs = retry.retryDelay ? durationMs(retry.retryDelay) : 0;
  }
}

/** Details are a help; a status whose details can't be read still tells its code. */
function unlessMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
