// Makes unary calls, with as many attempts as their time allows.

import {
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";

import type { CallBounds, OpenCalls } from "./call-bounds.js";
import type { ChannelPool } from "./channel-pool.js";
import { decode } from "./encoding.js";
import type { LeaderboardError } from "./errors.js";
import { retryDelay } from "./retry-delay.js";
import { countedRetries, isServerDown, requestedDelay } from "./server-down.js";
import type { Servers } from "./servers.js";
import type { Attempt } from "./unary.js";

/** The options of one call. */
export interface CallOptions {
  /** The milliseconds for the whole call with all its retries. Default: the client's. */
  readonly timeoutMs?: number | undefined;
  /** Aborts the call at once; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The milliseconds after which an attempt ends and is retried. */
const ATTEMPT_MS = 4_000;

/** The unary calls of one client. */
export class Calls {
  readonly #servers: Servers;
  readonly #pool: ChannelPool;
  readonly #open: OpenCalls;
  readonly #timeoutMs: number;

  constructor(servers: Servers, pool: ChannelPool, open: OpenCalls, timeoutMs: number) {
    this.#servers = servers;
    this.#pool = pool;
    this.#open = open;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes a call, and retries it while a retry may help and there is time. All attempts send the
   * same request, so a write must have a request id.
   *
   * @throws LeaderboardError with the error of the last attempt, or the reason of the signal.
   */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions,
  ): Promise<MessageShape<O>> {
    const bytes = toBinary(method.input, request);
    const bounds = this.#open.begin(options.timeoutMs ?? this.#timeoutMs, options.signal);
    try {
      return await this.#retry(method, bytes, bounds);
    } finally {
      bounds.release();
    }
  }

  async #retry<O extends DescMessage>(
    method: DescMethodUnary<DescMessage, O>,
    request: Uint8Array,
    bounds: CallBounds,
  ): Promise<MessageShape<O>> {
    const path = pathOf(method);
    const { spares } = this.#servers;
    let retries = 0;
    let others = spares;
    for (;;) {
      const attempt = await this.#prepare(bounds);
      try {
        return decode(method.output, await this.#pool.unary(path, request, attempt));
      } catch (thrown) {
        bounds.signal.throwIfAborted();
        const error = thrown as LeaderboardError;
        const isAtOnce = others > 0 && isServerDown(error);
        const delay = isAtOnce ? 0 : delayAfter(error, retries++, bounds);
        bounds.lastError = error;
        others = isAtOnce ? others - 1 : spares;
        if (!isAtOnce) {
          await bounds.sleep(delay);
        }
      }
    }
  }

  async #prepare(bounds: CallBounds): Promise<Attempt> {
    const metadata = await bounds.waitFor(this.#servers.metadata());
    const timeoutMs = Math.min(ATTEMPT_MS, bounds.leftMs);
    return { metadata, timeoutMs, signal: bounds.signal };
  }
}

/** Returns the HTTP path of a method. */
export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** Returns the milliseconds before the next attempt; throws if a retry does not help. */
function delayAfter(error: LeaderboardError, retries: number, bounds: CallBounds): number {
  const delay = retryDelay(countedRetries(retries, error), requestedDelay(error));
  if (error.retryable && delay < bounds.leftMs) {
    return delay;
  }
  throw error.code === "DEADLINE_EXCEEDED" && !error.reason ? bounds.deadlineError() : error;
}
