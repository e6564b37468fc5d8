// Converts gRPC statuses, of calls and of updates of batches, to errors.

import { fromBinary } from "@bufbuild/protobuf";
import { type Any, anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { type ServiceError, status } from "@grpc/grpc-js";

import { type ErrorDetails, type LeaderboardError, type StatusCode, errorOf } from "../errors.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../gen/google/rpc/status_pb.js";
import type { UpdateStatus } from "../gen/leaderboard/v1/leaderboard_pb.js";

/** The `ErrorInfo` domain of the service. */
const DOMAIN = "leaderboard.v1";

const DETAILS_TRAILER = "grpc-status-details-bin";

/** Converts the error of a grpc-js call. */
export function errorOfCall(error: ServiceError): LeaderboardError {
  return errorOfStatus(error.code, error.details, detailsOf(error), error);
}

/** Converts the status of a refused update of a batch. */
export function errorOfUpdate({ code, message, details }: UpdateStatus): LeaderboardError {
  return errorOfStatus(code, message, details);
}

function detailsOf(error: ServiceError): readonly Any[] {
  const trailer = error.metadata?.get(DETAILS_TRAILER)[0];
  if (!(trailer instanceof Uint8Array)) {
    return [];
  }
  return ignoreMalformed(() => fromBinary(StatusSchema, trailer).details) ?? [];
}

function errorOfStatus(
  number: number,
  text: string,
  packed: readonly Any[],
  cause?: ServiceError,
): LeaderboardError {
  const details: ErrorDetails = cause ? { cause } : {};
  for (const any of packed) {
    ignoreMalformed(() => addDetail(any, details));
  }
  const code = (status[number] ?? "UNKNOWN") as StatusCode;
  return errorOf(code, text, details);
}

function addDetail(any: Any, details: ErrorDetails): void {
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

/** Returns undefined if details can't be decoded; the code of the status is valid without them. */
function ignoreMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
