// Makes unary calls, over as many attempts as their time allows.

import {
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type MessageShape,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";

import type { CallBounds, OpenCalls } from "./call-bounds.js";
import type { Attempt, Connection } from "./channel-pool.js";
import { LeaderboardError } from "./errors.js";
import { retryDelay } from "./retry-delay.js";
import type { Server } from "./server.js";

/** How one call is made. */
export interface CallOptions {
  /** The milliseconds for the whole call with all its retries. Default: the client's. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call at once when it is aborted; the call then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The milliseconds after which an attempt is given up and made again. */
const ATTEMPT_MS = 4_000;

/** The unary calls of one client. */
export class Calls {
  readonly #server: Server;
  readonly #connection: Connection;
  readonly #open: OpenCalls;
  readonly #timeoutMs: number;

  constructor(server: Server, connection: Connection, open: OpenCalls, timeoutMs: number) {
    this.#server = server;
    this.#connection = connection;
    this.#open = open;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes a call, again and again while that may help and there is time. The request is the same
   * each time, so a write has to have a request id.
   *
   * @throws LeaderboardError with what the last attempt ended with, or the reason of the signal.
   */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions,
  ): Promise<MessageShape<O>> {
    const bytes = toBinary(method.input, request);
    const bounds = this.#open.begin(options.timeoutMs ?? this.#timeoutMs, options.signal);
    try {
      return await this.#persist(method, bytes, bounds);
    } finally {
      bounds.end();
    }
  }

  async #persist<O extends DescMessage>(
    method: DescMethodUnary<DescMessage, O>,
    request: Uint8Array,
    bounds: CallBounds,
  ): Promise<MessageShape<O>> {
    const path = pathOf(method);
    for (let attempt = 0; ; attempt++) {
      const prepared = await this.#attempt(bounds);
      try {
        return decode(method.output, await this.#connection.unary(path, request, prepared));
      } catch (error) {
        bounds.signal.throwIfAborted();
        const delay = delayAfter(error as LeaderboardError, attempt, bounds);
        bounds.trouble = error as LeaderboardError;
        await bounds.sleep(delay);
      }
    }
  }

  async #attempt(bounds: CallBounds): Promise<Attempt> {
    const metadata = await bounds.within(this.#server.metadata());
    const timeoutMs = Math.min(ATTEMPT_MS, bounds.leftMs);
    return { metadata, timeoutMs, signal: bounds.signal };
  }
}

/** Returns the path by which the server knows a method. */
export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/**
 * Returns the message in an answer.
 *
 * @throws LeaderboardError with INTERNAL if it is none.
 */
export function decode<O extends DescMessage>(schema: O, answer: Uint8Array): MessageShape<O> {
  try {
    return fromBinary(schema, answer);
  } catch (error) {
    const text = `the answer is no ${schema.typeName}`;
    throw new LeaderboardError("INTERNAL", text, { cause: error });
  }
}

/** Returns the milliseconds after which to try again; throws where that does not help. */
function delayAfter(failure: LeaderboardError, attempt: number, bounds: CallBounds): number {
  const delay = retryDelay(attempt, failure.retryAfterMs);
  if (failure.retryable && delay < bounds.leftMs) {
    return delay;
  }
  throw failure.code === "DEADLINE_EXCEEDED" && !failure.reason ? bounds.late() : failure;
}
