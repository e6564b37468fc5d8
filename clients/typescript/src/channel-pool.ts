// Provides the gRPC channel that the unary calls of a client share, and replaces a dead one.

import type { Client as Channel, Metadata, ServiceError } from "@grpc/grpc-js";

import { onAbort } from "./call-bounds.js";
import { DeadlineExceededError, type LeaderboardError } from "./errors.js";
import { errorOfCall } from "./rpc-status.js";
import type { Server } from "./server.js";

/** The milliseconds without a response, while calls wait for one, after which a channel is dead. */
const IDLE_TIMEOUT_MS = 3_900;

/** The metadata and limits of one attempt of a call. */
export interface Attempt {
  readonly metadata: Metadata;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * The shared channel of a client.
 *
 * grpc-js reconnects by itself when a connection breaks. But it keeps using a connection whose peer
 * vanished silently until the system closes it, after about 15 minutes. So when an attempt times
 * out and the channel was idle for the idle timeout, a new channel replaces it.
 */
export class ChannelPool {
  readonly #server: Server;
  #channel: Channel;
  #inFlight = 0;
  #idleSince: number | undefined;

  constructor(server: Server) {
    this.#server = server;
    this.#channel = server.openChannel();
  }

  /**
   * Makes one attempt of a call.
   *
   * @throws LeaderboardError if the attempt fails.
   */
  async unary(path: string, request: Uint8Array, attempt: Attempt): Promise<Uint8Array> {
    const channel = this.#channel;
    this.#inFlight++;
    this.#idleSince ??= performance.now();
    try {
      const response = await unary(channel, path, request, attempt);
      this.#markResponse();
      return response;
    } catch (error) {
      if (isTimeout(error as LeaderboardError, attempt.signal)) {
        this.#replaceIfIdle(channel);
      } else if (!attempt.signal.aborted) {
        this.#markResponse();
      } else if (this.#inFlight === 1) {
        this.#idleSince = undefined;
      }
      throw error;
    } finally {
      this.#inFlight--;
    }
  }

  /** Closes the channel. Calls in flight have to be cancelled before. */
  close(): void {
    this.#channel.close();
  }

  #markResponse(): void {
    this.#idleSince = this.#inFlight > 1 ? performance.now() : undefined;
  }

  #replaceIfIdle(channel: Channel): void {
    const now = performance.now();
    if (channel !== this.#channel || now - (this.#idleSince ?? now) < IDLE_TIMEOUT_MS) {
      return;
    }
    // Calls in flight on the old channel end by their own deadlines.
    this.#channel.close();
    this.#channel = this.#server.openChannel();
    this.#idleSince = undefined;
  }
}

function isTimeout(error: LeaderboardError, { reason }: AbortSignal): boolean {
  return error.code === "DEADLINE_EXCEEDED" || reason instanceof DeadlineExceededError;
}

function unary(
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
