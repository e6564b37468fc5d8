// Passes the caller's trace on to the server, where the program has OpenTelemetry's API.

import type { Metadata } from "@grpc/grpc-js";

type Api = Pick<typeof import("@opentelemetry/api"), "ROOT_CONTEXT" | "context" | "propagation">;

let api: Api | undefined;

/** Settles when the API is loaded, or turns out not to be installed. */
const loaded = import("@opentelemetry/api").then(
  (module) => {
    api = module;
  },
  () => undefined,
);

/** Adds the caller's current context to the metadata of a call, by the program's propagators. */
export async function addTraceContext(metadata: Metadata): Promise<void> {
  await loaded;
  api?.propagation.inject(api.context.active(), metadata, {
    set: (carrier, key, value) => carrier.set(key, value),
  });
}

/** Runs a function outside of the trace that the caller is in. */
export function outsideOfTrace<T>(run: () => T): T {
  return api ? api.context.with(api.ROOT_CONTEXT, run) : run();
}
