// Conversions from the values of callers to the messages of requests.

import {
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  clone,
  create,
} from "@bufbuild/protobuf";
import { isFieldError } from "@bufbuild/protobuf/reflect";

import { InvalidRequestError, invalidRequest } from "./errors.js";

/** A generated enum: its values by their names, and its names by their values. */
type EnumOf<E extends number> = Readonly<Record<string, E | string>>;

/**
 * Returns the message of a request.
 *
 * @throws InvalidRequestError if a value can't be encoded.
 */
export function encode<I extends DescMessage>(
  schema: I,
  request: MessageInitShape<I>,
): MessageShape<I> {
  try {
    // `clone` checks each field, `create` does not: an unpaired surrogate would be replaced by
    // another character, and a wrong number would fail only when the message is sent.
    return clone(schema, create(schema, request));
  } catch (error) {
    if (isFieldError(error)) {
      throw invalidRequest(error.field().name, error.message);
    }
    throw error;
  }
}

/**
 * Returns the message of a part of a request.
 *
 * @param path The field of the request that is the part.
 * @throws InvalidRequestError if a value can't be encoded; it names the field of the request.
 */
export function encodePart<Part>(path: string, encodeIt: () => Part): Part {
  try {
    return encodeIt();
  } catch (error) {
    const [violation] = error instanceof InvalidRequestError ? error.violations : [];
    if (violation) {
      throw invalidRequest(`${path}.${violation.field}`, violation.description);
    }
    throw error;
  }
}

/**
 * Returns the 64-bit integer of a field.
 *
 * @throws InvalidRequestError if the value is none.
 */
export function encodeInteger(field: string, value: bigint | number): bigint {
  if (
    typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value)
  ) {
    return BigInt(value);
  }
  throw invalidRequest(field, `is ${String(value)}, not a 64-bit bigint or a safe integer`);
}

/**
 * Returns the value of an enum that has a name; without a name the unspecified one.
 *
 * @throws InvalidRequestError if no other value has the name.
 */
export function encodeEnum<E extends number>(
  field: string,
  values: EnumOf<E>,
  name: string | null | undefined,
): E {
  const named = Object.keys(values).filter((each) => typeof values[each] === "number");
  const [unspecified, ...names] = named as [string, ...string[]];
  if (name === null || name === undefined || names.includes(name)) {
    return values[name ?? unspecified] as E;
  }
  throw invalidRequest(field, `is ${String(name)}, not ${names.join(" or ")}`);
}

/**
 * Returns the users of a request.
 *
 * @throws InvalidRequestError if they are a string, which would be read as a list of characters.
 */
export function encodeUserIds(userIds: Iterable<string>): string[] {
  if (typeof userIds === "string") {
    throw invalidRequest("user_ids", "is a string, not a list of strings");
  }
  return [...userIds];
}
