// Makes unary calls over HTTP and JSON, with as many attempts as their time allows.

import type { DescMessage, DescMethodUnary, JsonValue, MessageShape } from "@bufbuild/protobuf";

import { type CallBounds, type OpenCalls, onAbort } from "../call-bounds.js";
import { LeaderboardError, errorOf } from "../errors.js";
import { ATTEMPT_MS, withRetries } from "../retries.js";
import type { CallOptions, UnaryCalls } from "../unary-calls.js";
import type { Gateway, Route } from "./gateway.js";
import { messageOf, parseJson } from "./json.js";
import { errorOfResponse } from "./problem.js";
import { routeOf } from "./routes.js";

/** The unary calls of one client. */
export class HttpCalls implements UnaryCalls {
  readonly #gateway: Gateway;
  readonly #open: OpenCalls;
  readonly #timeoutMs: number;

  constructor(gateway: Gateway, open: OpenCalls, timeoutMs: number) {
    this.#gateway = gateway;
    this.#open = open;
    this.#timeoutMs = timeoutMs;
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions,
  ): Promise<MessageShape<O>> {
    const route = routeOf(method, request);
    const bounds = this.#open.begin(options.timeoutMs ?? this.#timeoutMs, options.signal);
    try {
      return await withRetries(bounds, 0, async () => {
        const token = await bounds.waitFor(this.#gateway.token());
        const body = await getJson(this.#gateway, route, token, bounds);
        // The contest itself is the body of its own path.
        return messageOf(method.output, method.name === "GetContest" ? { contest: body } : body);
      });
    } finally {
      bounds.release();
    }
  }
}

/**
 * Makes one attempt of a GET request, and returns the JSON of the response.
 *
 * @throws LeaderboardError if the request is refused, or there is no response.
 */
export async function getJson(
  gateway: Gateway,
  route: Route,
  token: string | undefined,
  bounds: CallBounds,
): Promise<JsonValue> {
  const attempt = new AbortController();
  const removeListener = onAbort(bounds.signal, () => attempt.abort(bounds.signal.reason));
  const timer = setTimeout(
    () => attempt.abort(errorOf("DEADLINE_EXCEEDED", "no response in time")),
    Math.min(ATTEMPT_MS, bounds.leftMs),
  );
  try {
    const response = await gateway.get(route, token, attempt.signal);
    if (!response.ok) {
      throw await errorOfResponse(response);
    }
    return parseJson(await response.text());
  } catch (error) {
    attempt.signal.throwIfAborted();
    if (error instanceof LeaderboardError) {
      throw error;
    }
    const text = `the gateway can't be reached: ${String(error)}`;
    throw errorOf("UNAVAILABLE", text, { cause: error });
  } finally {
    clearTimeout(timer);
    removeListener();
  }
}
