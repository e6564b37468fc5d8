// The errors that calls, updates of batches and watches end with.

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

/** What is wrong with one field of a request. */
export interface FieldViolation {
  /** The field, such as `user_id`. */
  readonly field: string;
  /** What is wrong with it, for people. */
  readonly description: string;
}

/** What is known of a failure beside its code and text. */
export interface ErrorDetails {
  /** The name of the `ErrorReason`, such as `ERROR_REASON_USER_NOT_FOUND`. */
  reason?: string;
  /** What belongs to the reason. */
  metadata?: Readonly<Record<string, string>>;
  /** The fields that are malformed. */
  violations?: readonly FieldViolation[];
  /** The milliseconds after which the server asks to try again. */
  retryAfterMs?: number | undefined;
  /** What went wrong before. */
  cause?: unknown;
}

/** A call, or one update of a batch, did not succeed. The codes that matter have their classes. */
export class LeaderboardError extends Error {
  override readonly name: string = "LeaderboardError";
  /** The name of the gRPC status code. */
  readonly code: StatusCode;
  /** The name of the `ErrorReason`; empty where the service itself gave none. */
  readonly reason: string;
  /** What belongs to the reason. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The fields that are malformed. */
  readonly violations: readonly FieldViolation[];
  /** The milliseconds after which the server asks to try again, if it does. */
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
   * Whether the same request may succeed later, without any change to it: nobody was there to serve
   * it, the server says when to come back, or the connection broke before it answered. A write is
   * then to be sent with the same `requestId`.
   */
  get retryable(): boolean {
    const { code, reason } = this;
    return RETRYABLE.has(code) || this.retryAfterMs !== undefined || (!reason && BROKEN.has(code));
  }
}

/** INTERNAL: an answer that does not fit its request; the next one would not either. */
export class BrokenAnswerError extends LeaderboardError {
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

/** OUT_OF_RANGE: the points, or the score they would lead to, pass 2^53 either way. */
export class OutOfRangeError extends LeaderboardError {
  override readonly name = "OutOfRangeError";
}

/** NOT_FOUND: the user has no score in the contest. */
export class NotFoundError extends LeaderboardError {
  override readonly name = "NotFoundError";
}

/** ALREADY_EXISTS: the request id was used with another payload. */
export class RequestIdReusedError extends LeaderboardError {
  override readonly name = "RequestIdReusedError";
}

/** FAILED_PRECONDITION: no server can give the asked position. */
export class FailedPreconditionError extends LeaderboardError {
  override readonly name = "FailedPreconditionError";
}

/** RESOURCE_EXHAUSTED: a limit of the server's, still after retries where it asked for them. */
export class OverloadedError extends LeaderboardError {
  override readonly name = "OverloadedError";
}

/** UNAVAILABLE: the server or its store is away, still after retries. A write may have counted. */
export class UnavailableError extends LeaderboardError {
  override readonly name = "UnavailableError";
}

/**
 * DEADLINE_EXCEEDED: the time for the call was up; `cause` is what went wrong before, if anything
 * did. A write may have counted.
 */
export class DeadlineExceededError extends LeaderboardError {
  override readonly name = "DeadlineExceededError";
}

/**
 * CANCELLED: the client was closed while the call was under way. A call that its caller's signal
 * aborts ends with the signal's reason instead.
 */
export class CancelledError extends LeaderboardError {
  override readonly name = "CancelledError";

  override get retryable(): boolean {
    return false;
  }
}

// CANCELLED is not among them: a server that stops says so too, and that is no end of the client.
const CLASSES: Partial<Record<StatusCode, typeof LeaderboardError>> = {
  INVALID_ARGUMENT: InvalidRequestError,
  OUT_OF_RANGE: OutOfRangeError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: RequestIdReusedError,
  FAILED_PRECONDITION: FailedPreconditionError,
  RESOURCE_EXHAUSTED: OverloadedError,
  UNAVAILABLE: UnavailableError,
  DEADLINE_EXCEEDED: DeadlineExceededError,
};

const RETRYABLE: ReadonlySet<StatusCode> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED"]);

/** What the library, or a proxy on the way, says of a call whose connection broke. */
const BROKEN: ReadonlySet<StatusCode> = new Set(["ABORTED", "CANCELLED", "INTERNAL", "UNKNOWN"]);

/** Returns an error of the class that belongs to a code. */
export function errorOf(
  code: StatusCode,
  message: string,
  details: ErrorDetails = {},
): LeaderboardError {
  return new (CLASSES[code] ?? LeaderboardError)(code, message, details);
}
