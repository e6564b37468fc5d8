// The connection that the unary calls of a client share; one that fell silent is replaced.

import type { Client, Metadata, ServiceError } from "@grpc/grpc-js";

import { whenAborted } from "./call-bounds.js";
import { DeadlineExceededError, type LeaderboardError } from "./errors.js";
import { errorOfCall } from "./rpc-status.js";
import type { Server } from "./server.js";

/** The milliseconds without a word, while calls wait for one, after which a connection is dead. */
const SILENCE_MS = 3_900;

/** How one attempt of a call is made. */
export interface Attempt {
  readonly metadata: Metadata;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * A connection that is made anew where it has to be.
 *
 * The library does that for one that breaks. One whose other end is gone without a word it would
 * use until the system gives up, which takes a quarter of an hour.
 */
export class Connection {
  readonly #server: Server;
  #channel: Client;
  #waiting = 0;
  #silentSince: number | undefined;

  constructor(server: Server) {
    this.#server = server;
    this.#channel = server.open();
  }

  /**
   * Makes one attempt of a call.
   *
   * @throws LeaderboardError with what it ended with.
   */
  async unary(path: string, request: Uint8Array, attempt: Attempt): Promise<Uint8Array> {
    const channel = this.#channel;
    this.#waiting++;
    this.#silentSince ??= performance.now();
    try {
      const answer = await unary(channel, path, request, attempt);
      this.#heard();
      return answer;
    } catch (error) {
      if (isLate(error as LeaderboardError, attempt.signal)) {
        this.#replaceIfSilent(channel);
      } else if (!attempt.signal.aborted) {
        this.#heard();
      } else if (this.#waiting === 1) {
        this.#silentSince = undefined;
      }
      throw error;
    } finally {
      this.#waiting--;
    }
  }

  /** Closes it. Calls that are under way have to be cancelled. */
  close(): void {
    this.#channel.close();
  }

  #heard(): void {
    this.#silentSince = this.#waiting > 1 ? performance.now() : undefined;
  }

  #replaceIfSilent(channel: Client): void {
    const now = performance.now();
    if (channel !== this.#channel || now - (this.#silentSince ?? now) < SILENCE_MS) {
      return;
    }
    // Calls that are under way on the old one end by their own deadlines.
    this.#channel.close();
    this.#channel = this.#server.open();
    this.#silentSince = undefined;
  }
}

function isLate(failure: LeaderboardError, { reason }: AbortSignal): boolean {
  return failure.code === "DEADLINE_EXCEEDED" || reason instanceof DeadlineExceededError;
}

function unary(
  channel: Client,
  path: string,
  request: Uint8Array,
  { metadata, timeoutMs, signal }: Attempt,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, answer?: Uint8Array): void => {
      forget();
      if (answer) {
        resolve(answer);
      } else {
        reject(errorOfCall(error as ServiceError));
      }
    };
    const deadline = Date.now() + timeoutMs;
    const call = channel.makeUnaryRequest(
      path,
      asBuffer,
      asIs,
      request,
      metadata,
      { deadline },
      done,
    );
    const forget = whenAborted(signal, () => call.cancel());
  });
}

/** Returns the same bytes as the library wants them. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Returns the same bytes. */
export function asIs(bytes: Uint8Array): Uint8Array {
  return bytes;
}
