// JSON with 64-bit integers as bigint.

import { randomUUID } from "node:crypto";

const MARK = randomUUID();
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, "g");
// A quote within a string is escaped, so this matches only names of fields.
const EXACT_FIELD =
  /"(points|score|previous_score|revision|min_score|max_score|max_points)"(\s*:\s*)(-?\d+)(?![\d.eE])/g;

/** Parses a line; 64-bit integer fields become bigint. */
export function parse(line) {
  const quoted = line.replace(EXACT_FIELD, `"$1"$2"${MARK}$3"`);
  return JSON.parse(quoted, (_, value) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  );
}

/** Formats a line; each bigint becomes an integer. */
export function stringify(value) {
  const text = JSON.stringify(value, (_, each) =>
    typeof each === "bigint" ? `${MARK}${each}` : each,
  );
  return text.replace(MARKED, "$1");
}
