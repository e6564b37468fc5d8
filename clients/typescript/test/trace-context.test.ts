// Tests of the caller's trace, which calls, watches and buffers pass on or leave.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import {
  type Context,
  ROOT_CONTEXT,
  TraceFlags,
  context as contexts,
  propagation,
  trace,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { create } from "@bufbuild/protobuf";
import { type Metadata, status } from "@grpc/grpc-js";

import {
  BatchUpdateScoresResponseSchema,
  EndReason,
  WatchContestResponseSchema,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { ACCEPTED, UPDATE, startClient } from "./fake-service.js";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const TRACEPARENT = `00-${traceId}-${spanId}-01`;

before(() => {
  contexts.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});

function insideSpan(): Context {
  const traceFlags = TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags });
}

function traceparents(metadata: readonly Metadata[]): unknown[] {
  return metadata.map((each) => each.get("traceparent"));
}

test("each attempt of a call inside a span carries its context, other calls none", async (context) => {
  const metadata: Metadata[] = [];
  const client = await startClient(context, async (call) => {
    metadata.push(call.metadata);
    if (metadata.length === 1) {
      throw { code: status.UNAVAILABLE, details: "try again" };
    }
    return ACCEPTED;
  });

  await contexts.with(insideSpan(), () => client.updateScore(UPDATE));
  await client.updateScore(UPDATE);

  assert.deepEqual(traceparents(metadata), [[TRACEPARENT], [TRACEPARENT], []]);
});

test("a watch that is read inside a span carries its context", async (context) => {
  const metadata: Metadata[] = [];
  const client = await startClient(context, {
    watch: (call) => {
      metadata.push(call.metadata);
      const event = { case: "end", value: { reason: EndReason.CONTEST_DELETED } } as const;
      call.write(create(WatchContestResponseSchema, { event }));
      call.end();
    },
  });

  await contexts.with(insideSpan(), async () => {
    for await (const _ of client.watch("chess")) {
      // Read to its end.
    }
  });

  assert.deepEqual(traceparents(metadata), [[TRACEPARENT]]);
});

test("a batch of a buffer carries no context", async (context) => {
  const metadata: Metadata[] = [];
  const client = await startClient(context, {
    batch: async (call) => {
      metadata.push(call.metadata);
      const outcome = { case: "response", value: ACCEPTED } as const;
      return create(BatchUpdateScoresResponseSchema, { results: [{ outcome }] });
    },
  });

  await contexts.with(insideSpan(), async () => {
    const buffer = client.scoreBuffer({ onError: (_, error) => assert.fail(error) });
    await buffer.add(UPDATE);
    await buffer.close();
  });

  assert.deepEqual(traceparents(metadata), [[]]);
});
