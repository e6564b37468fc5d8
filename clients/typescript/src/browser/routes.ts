// The paths and queries of the gateway for the calls of the contract.

import type { DescField, DescMethodUnary } from "@bufbuild/protobuf";

import { invalidRequest } from "../errors.js";
import type { Position } from "../model.js";
import type { Route } from "./gateway.js";

/** The part of a path after the contest, by the name of the method. */
const PARTS: Readonly<Record<string, string>> = {
  GetContest: "",
  GetTopUsers: "/top",
  GetUserRank: "/rank",
  BatchGetUserRanks: "/users",
  GetScoreRank: "/scores",
  ListSeasons: "/seasons",
};

/** The names in queries that are not those of the fields. */
const NAMES: Readonly<Record<string, string>> = { user_ids: "id" };

const CONTEST = "contest_id";
const SCORE = "score";

/** Returns the path and the query of a call. */
export function routeOf(method: DescMethodUnary, request: object): Route {
  const values = request as Readonly<Record<string, unknown>>;
  const part = PARTS[method.name];
  const path =
    part === undefined ? "/v1/contests" : contestPath(String(values["contestId"])) + part;
  const query = method.input.fields
    .filter(({ name }) => name !== CONTEST)
    .flatMap((field) => queryOf(field, values[field.localName]));
  return { path, query };
}

/**
 * Returns the path of a contest.
 *
 * @throws InvalidRequestError if no path can have the id.
 */
export function contestPath(contestId: string): string {
  // . and .. are instructions in a path, and a slash may be read as one also where it is encoded.
  if (!/^[^./][^/]*$/.test(contestId)) {
    throw invalidRequest(CONTEST, "is empty, begins with a dot or has a slash");
  }
  return `/v1/contests/${encodeURIComponent(contestId)}`;
}

/** Returns a position as text. */
export function positionText({ epoch, revision }: Position): string {
  return `${epoch}:${revision}`;
}

/** Returns the part of a query for a field: nothing for the default, which the gateway fills in. */
function queryOf(field: DescField, value: unknown): Route["query"] {
  const name = NAMES[field.name] ?? field.name;
  switch (field.fieldKind) {
    case "list":
      return (value as string[]).map((each) => [name, each] as const);
    case "enum":
      return value ? [[name, field.enum.value[value as number]?.name ?? String(value)]] : [];
    case "message":
      return value ? [[name, positionText(value as Position)]] : [];
    default:
      return value || name === SCORE ? [[name, String(value)]] : [];
  }
}
