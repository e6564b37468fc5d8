// Errors of calls, updates of batches and watches.

/** A gRPC status code other than OK, by its name. */
export type StatusCode =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** A malformed field of a request. */
export interface FieldViolation {
  /** The field, such as `user_id`. */
  readonly field: string;
  /** A human-readable description of the problem. */
  readonly description: string;
}

/** Details of an error besides its code and message. */
export interface ErrorDetails {
  /** The name of the `ErrorReason`, such as `ERROR_REASON_USER_NOT_FOUND`. */
  reason?: string;
  /** Details that the contract defines for the reason. */
  metadata?: Readonly<Record<string, string>>;
  /** The malformed fields. */
  violations?: readonly FieldViolation[];
  /** The delay in milliseconds that the server requests before a retry. */
  retryAfterMs?: number | undefined;
  /** The earlier error. */
  cause?: unknown;
}

/** A call, or one update of a batch, failed. Most codes have a class of their own. */
export class LeaderboardError extends Error {
  override readonly name: string = "LeaderboardError";
  /** The name of the gRPC status code. */
  readonly code: StatusCode;
  /** The name of the `ErrorReason`; empty if the error does not come from the service itself. */
  readonly reason: string;
  /** Details that the contract defines for the reason. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The malformed fields. */
  readonly violations: readonly FieldViolation[];
  /** The delay in milliseconds that the server requests before a retry, if any. */
  readonly retryAfterMs: number | undefined;

  constructor(code: StatusCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reason = details.reason ?? "";
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }

  /**
   * Whether the same request may succeed later: the server was unavailable, it asked for a retry,
   * or the connection broke before it responded. A write must then be sent with the same
   * `requestId`.
   */
  get retryable(): boolean {
    const { code, reason } = this;
    return RETRYABLE.has(code) || this.retryAfterMs !== undefined || (!reason && BROKEN.has(code));
  }
}

/** INTERNAL: the response does not match its request. A retry would not change that. */
export class InvalidResponseError extends LeaderboardError {
  override readonly name = "InvalidResponseError";

  constructor(message: string) {
    super("INTERNAL", message);
  }

  override get retryable(): boolean {
    return false;
  }
}

/** INVALID_ARGUMENT: a field is malformed; `violations` names it. */
export class InvalidRequestError extends LeaderboardError {
  override readonly name = "InvalidRequestError";
}

/**
 * OUT_OF_RANGE: the points or the score would exceed their bounds, which are 2^53 in either
 * direction or those of the rules; `metadata` has them.
 */
export class OutOfRangeError extends LeaderboardError {
  override readonly name = "OutOfRangeError";
}

/**
 * NOT_FOUND: the user has no score in the contest or is hidden, there is no such contest, or the
 * season is not kept.
 */
export class NotFoundError extends LeaderboardError {
  override readonly name = "NotFoundError";
}

/** ALREADY_EXISTS: another write used the same request id. */
export class RequestIdReusedError extends LeaderboardError {
  override readonly name = "RequestIdReusedError";
}

/** ALREADY_EXISTS for another reason: the contest exists with other settings. */
export class AlreadyExistsError extends LeaderboardError {
  override readonly name = "AlreadyExistsError";
}

/**
 * FAILED_PRECONDITION: the requested position can't be reached, the contest is not open for writes,
 * the season of the write is not the current one, or a rule would reorder a board that has scores.
 */
export class FailedPreconditionError extends LeaderboardError {
  override readonly name = "FailedPreconditionError";
}

/**
 * RESOURCE_EXHAUSTED: a limit of the server is reached, its store is full, or the request is too
 * large.
 */
export class OverloadedError extends LeaderboardError {
  override readonly name = "OverloadedError";
}

/** UNAVAILABLE: the server or its store is not available. A write may have counted. */
export class UnavailableError extends LeaderboardError {
  override readonly name = "UnavailableError";
}

/**
 * DEADLINE_EXCEEDED: the time for the call is over; `cause` is the error of the last attempt, if
 * there was one. A write may have counted.
 */
export class DeadlineExceededError extends LeaderboardError {
  override readonly name = "DeadlineExceededError";
}

/**
 * CANCELLED: the client was closed during the call. A call that is aborted by its signal ends with
 * the signal's reason instead.
 */
export class CancelledError extends LeaderboardError {
  override readonly name = "CancelledError";

  override get retryable(): boolean {
    return false;
  }
}

/** An update was added to a closed score buffer, and is not sent. */
export class BufferClosedError extends Error {
  override readonly name = "BufferClosedError";

  constructor() {
    super("the buffer is closed");
  }
}

// CANCELLED is missing: a server that shuts down returns it too, although the client is not closed.
const CLASSES: Partial<Record<StatusCode, typeof LeaderboardError>> = {
  INVALID_ARGUMENT: InvalidRequestError,
  OUT_OF_RANGE: OutOfRangeError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: AlreadyExistsError,
  FAILED_PRECONDITION: FailedPreconditionError,
  RESOURCE_EXHAUSTED: OverloadedError,
  UNAVAILABLE: UnavailableError,
  DEADLINE_EXCEEDED: DeadlineExceededError,
};

const REQUEST_ID_REUSED = "ERROR_REASON_REQUEST_ID_REUSED";

const RETRYABLE: ReadonlySet<StatusCode> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED"]);

/** The codes of a call whose connection broke, as grpc-js or a proxy reports it. */
const BROKEN: ReadonlySet<StatusCode> = new Set(["ABORTED", "CANCELLED", "INTERNAL", "UNKNOWN"]);

/**
 * Returns an error of the class for its code and reason. Its message names the malformed fields, or
 * else is the text of the server in one line.
 */
export function errorOf(
  code: StatusCode,
  text: string,
  details: ErrorDetails = {},
): LeaderboardError {
  const violations = details.violations?.map((each) => `${each.field}: ${each.description}`);
  const message = (violations?.join("; ") || text || code).split(/\s+/).join(" ").trim();
  const isReuse = details.reason === REQUEST_ID_REUSED;
  const ErrorClass = isReuse ? RequestIdReusedError : (CLASSES[code] ?? LeaderboardError);
  return new ErrorClass(code, message, details);
}

/** Returns the error of a request with a malformed field. */
export function invalidRequest(field: string, description: string): InvalidRequestError {
  const violations = [{ field, description }];
  return new InvalidRequestError("INVALID_ARGUMENT", `${field}: ${description}`, { violations });
}
