// Makes unary calls over gRPC, with as many attempts as their time allows.

import {
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type MessageShape,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";

import type { CallBounds, OpenCalls } from "../call-bounds.js";
import { decode } from "../decoding.js";
import { ATTEMPT_MS, withRetries } from "../retries.js";
import type { CallOptions, UnaryCalls } from "../unary-calls.js";
import type { ChannelPool } from "./channel-pool.js";
import type { Servers } from "./servers.js";
import type { Attempt } from "./unary.js";

/** The unary calls of one client. */
export class Calls implements UnaryCalls {
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

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions,
  ): Promise<MessageShape<O>> {
    const bytes = toBinary(method.input, request);
    const path = pathOf(method);
    const bounds = this.#open.begin(options.timeoutMs ?? this.#timeoutMs, options.signal);
    try {
      return await withRetries(bounds, this.#servers.spares, async () => {
        const attempt = await this.#prepare(bounds);
        const response = await this.#pool.unary(path, bytes, attempt);
        return decode(method.output, (schema) => fromBinary(schema, response));
      });
    } finally {
      bounds.release();
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
