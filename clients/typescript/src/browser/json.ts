// Reads JSON, and the messages of the contract in it.

import { type DescMessage, type JsonValue, type MessageShape, fromJson } from "@bufbuild/protobuf";

import { decode } from "../decoding.js";
import { errorOf } from "../errors.js";

/**
 * Parses a text.
 *
 * @throws LeaderboardError with INTERNAL if it is not JSON: also a proxy or a public network may
 * answer, with a page of its own.
 */
export function parseJson(text: unknown): JsonValue {
  try {
    return JSON.parse(String(text)) as JsonValue;
  } catch (error) {
    throw errorOf("INTERNAL", "the response is not JSON", { cause: error });
  }
}

/**
 * Returns the message of the contract; fields that this version does not know are ignored.
 *
 * @throws LeaderboardError with INTERNAL if it is malformed.
 */
export function messageOf<O extends DescMessage>(schema: O, json: JsonValue): MessageShape<O> {
  return decode(schema, () => fromJson(schema, json, { ignoreUnknownFields: true }));
}
