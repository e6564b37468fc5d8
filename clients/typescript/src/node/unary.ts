// One attempt of a unary call on a gRPC channel, with bytes in and out.

import type { Client as Channel, Metadata, ServiceError } from "@grpc/grpc-js";

import { onAbort } from "../call-bounds.js";
import { errorOfCall } from "./rpc-status.js";

/** The metadata and limits of one attempt of a call. */
export interface Attempt {
  readonly metadata: Metadata;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Makes one attempt of a call.
 *
 * @throws LeaderboardError if the attempt fails.
 */
export function unary(
  channel: Channel,
  path: string,
  request: Uint8Array,
  { metadata, timeoutMs, signal }: Attempt,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, response?: Uint8Array): void => {
      removeListener();
      if (response) {
        resolve(response);
      } else {
        reject(errorOfCall(error as ServiceError));
      }
    };
    const deadline = Date.now() + timeoutMs;
    const call = channel.makeUnaryRequest(
      path,
      toBuffer,
      identity,
      request,
      metadata,
      { deadline },
      done,
    );
    const removeListener = onAbort(signal, () => call.cancel());
  });
}

/** Serializes a request that is already encoded: returns the same bytes as a Buffer. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Deserializes nothing: returns the bytes of the response. */
export function identity(bytes: Uint8Array): Uint8Array {
  return bytes;
}
