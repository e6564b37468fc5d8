// Tests of the conversion from a status to an error.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type MessageInitShape, create, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";

import {
  AlreadyExistsError,
  CancelledError,
  InvalidRequestError,
  LeaderboardError,
  OverloadedError,
  RequestIdReusedError,
  UnavailableError,
} from "../src/errors.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../src/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../src/gen/google/rpc/status_pb.js";
import { UpdateStatusSchema } from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { errorOfCall, errorOfUpdate } from "../src/node/rpc-status.js";

function serviceError(code: status, details: string, trailer?: Uint8Array): ServiceError {
  const metadata = new Metadata();
  if (trailer) {
    metadata.set("grpc-status-details-bin", Buffer.from(trailer));
  }
  return Object.assign(new Error(details), { code, details, metadata });
}

function trailerOf(...details: Any[]): Uint8Array {
  return toBinary(StatusSchema, create(StatusSchema, { details }));
}

function info(init: MessageInitShape<typeof ErrorInfoSchema>): Any {
  return anyPack(ErrorInfoSchema, create(ErrorInfoSchema, init));
}

test("the error of a call has the reason, its metadata and the requested delay", () => {
  const overloaded = info({
    reason: "ERROR_REASON_OVERLOADED",
    domain: "leaderboard.v1",
    metadata: { limit: "calls" },
  });
  const retry = create(RetryInfoSchema, { retryDelay: { seconds: 1n, nanos: 500_000_000 } });
  const trailer = trailerOf(overloaded, anyPack(RetryInfoSchema, retry));

  const error = errorOfCall(serviceError(status.RESOURCE_EXHAUSTED, "too much", trailer));

  assert.ok(error instanceof OverloadedError);
  assert.equal(error.code, "RESOURCE_EXHAUSTED");
  assert.equal(error.reason, "ERROR_REASON_OVERLOADED");
  assert.deepEqual(error.metadata, { limit: "calls" });
  assert.equal(error.retryAfterMs, 1_500);
  assert.ok(error.retryable);
});

test("an error with RetryInfo but no delay is retryable", () => {
  const trailer = trailerOf(anyPack(RetryInfoSchema, create(RetryInfoSchema)));

  const error = errorOfCall(serviceError(status.RESOURCE_EXHAUSTED, "too much", trailer));

  assert.equal(error.retryAfterMs, 0);
  assert.ok(error.retryable);
});

test("an error is retryable if the same request may succeed later", () => {
  const own = trailerOf(info({ reason: "ERROR_REASON_INTERNAL", domain: "leaderboard.v1" }));
  const retryable = (code: status, trailer?: Uint8Array): boolean =>
    errorOfCall(serviceError(code, "no", trailer)).retryable;

  for (const code of [status.UNAVAILABLE, status.DEADLINE_EXCEEDED]) {
    assert.ok(retryable(code), status[code]);
    assert.ok(retryable(code, own), status[code]);
  }
  // Without a reason of the service these codes mean a broken connection.
  for (const code of [status.CANCELLED, status.INTERNAL, status.UNKNOWN]) {
    assert.ok(retryable(code), status[code]);
    assert.ok(!retryable(code, own), status[code]);
  }
  for (const code of [status.INVALID_ARGUMENT, status.RESOURCE_EXHAUSTED, status.NOT_FOUND]) {
    assert.ok(!retryable(code), status[code]);
  }
  assert.ok(!new CancelledError("CANCELLED", "the client was closed").retryable);
});

test("an error of what exists already has the class of its reason", () => {
  const errorFor = (reason: string): LeaderboardError => {
    const trailer = trailerOf(info({ reason, domain: "leaderboard.v1" }));
    return errorOfCall(serviceError(status.ALREADY_EXISTS, "exists", trailer));
  };

  assert.ok(errorFor("ERROR_REASON_REQUEST_ID_REUSED") instanceof RequestIdReusedError);
  for (const reason of ["ERROR_REASON_CONTEST_ALREADY_EXISTS", "ERROR_REASON_NEW", "constructor"]) {
    assert.ok(errorFor(reason) instanceof AlreadyExistsError, reason);
  }
  assert.ok(errorOfCall(serviceError(status.ALREADY_EXISTS, "")) instanceof AlreadyExistsError);
});

test("malformed fields are in the violations and in the message", () => {
  const fieldViolations = [{ field: "user_id", description: "is empty" }];
  const details = anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations }));

  const error = errorOfCall(serviceError(status.INVALID_ARGUMENT, "no", trailerOf(details)));

  assert.ok(error instanceof InvalidRequestError);
  assert.deepEqual(error.violations, fieldViolations);
  assert.equal(error.message, "user_id: is empty");
  assert.ok(!error.retryable);
});

test("a refused update of a batch has the same error as a call", () => {
  const details = [info({ reason: "ERROR_REASON_STORE_UNAVAILABLE", domain: "leaderboard.v1" })];
  const refused = create(UpdateStatusSchema, {
    code: 14,
    message: "the store is not available",
    details,
  });

  const error = errorOfUpdate(refused);

  assert.ok(error instanceof UnavailableError);
  assert.equal(error.reason, "ERROR_REASON_STORE_UNAVAILABLE");
  assert.equal(error.message, "the store is not available");
});

test("a reason of another domain is ignored", () => {
  const trailer = trailerOf(info({ reason: "QUOTA", domain: "proxy.example" }));

  assert.equal(errorOfCall(serviceError(status.UNAVAILABLE, "no", trailer)).reason, "");
});

test("a status with malformed details keeps its code", () => {
  const error = errorOfCall(
    serviceError(status.UNAUTHENTICATED, "no token", Buffer.from([255, 1])),
  );

  assert.equal(error.constructor, LeaderboardError);
  assert.equal(error.code, "UNAUTHENTICATED");
  assert.equal(error.message, "no token");
});
