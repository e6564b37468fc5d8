// Converts refused requests, with the problem details of the gateway if it has any, to errors.

import {
  type ErrorDetails,
  type FieldViolation,
  type LeaderboardError,
  type StatusCode,
  errorOf,
} from "../errors.js";

const MEDIA_TYPE = "application/problem+json";

const CODES: Readonly<Record<number, StatusCode>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  408: "UNAVAILABLE",
  409: "FAILED_PRECONDITION",
  413: "RESOURCE_EXHAUSTED",
  414: "RESOURCE_EXHAUSTED",
  421: "PERMISSION_DENIED",
  429: "RESOURCE_EXHAUSTED",
  431: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** The reason of the contract that has the same status as UNAVAILABLE. */
const OVERLOADED = "ERROR_REASON_OVERLOADED";

/** The delay after 429, if the browser may not read its header. */
const DEFAULT_RETRY_AFTER_MS = 1_000;

/** Returns the error of a response whose status is not 2xx. */
export async function errorOfResponse(response: Response): Promise<LeaderboardError> {
  const problem = await problemOf(response);
  const { status, statusText } = response;
  const details: ErrorDetails = {
    reason: textOf(problem["reason"]),
    metadata: metadataOf(problem["metadata"]),
    retryAfterMs: retryAfter(response),
  };
  const violations = violationsOf(problem["violations"]);
  if (violations.length) {
    details.violations = violations;
  }
  const isOverloaded = details.reason === OVERLOADED;
  const code = isOverloaded ? "RESOURCE_EXHAUSTED" : (CODES[status] ?? "UNKNOWN");
  const text = textOf(problem["detail"]) || textOf(problem["title"]);
  return errorOf(code, text || `the gateway answered ${status} ${statusText}`, details);
}

/** Returns the members of the problem; none if a proxy has answered in its own way. */
async function problemOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  if (!response.headers.get("content-type")?.startsWith(MEDIA_TYPE)) {
    return {};
  }
  try {
    return membersOf(await response.json());
  } catch {
    return {};
  }
}

function retryAfter({ status, headers }: Response): number | undefined {
  const text = headers.get("retry-after");
  const seconds = Number(text);
  if (text === null || Number.isNaN(seconds)) {
    return status === 429 ? DEFAULT_RETRY_AFTER_MS : undefined;
  }
  return seconds * 1_000;
}

function violationsOf(value: unknown): FieldViolation[] {
  return (Array.isArray(value) ? value.map(membersOf) : []).map((each) => ({
    field: textOf(each["field"]),
    description: textOf(each["description"]),
  }));
}

function metadataOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(membersOf(value)).map(([key, each]) => [key, textOf(each)]),
  );
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
