// Tests of calls, their retries and their errors.

import assert from "node:assert/strict";
import { test } from "node:test";

import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, status } from "@grpc/grpc-js";

import { Client } from "../src/node/client.js";
import {
  CancelledError,
  DeadlineExceededError,
  InvalidRequestError,
  LeaderboardError,
  OverloadedError,
  UnavailableError,
} from "../src/errors.js";
import { RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../src/gen/google/rpc/status_pb.js";
import {
  BatchUpdateScoresResponseSchema,
  type UpdateScoreResponse,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { serve, UPDATE, ACCEPTED, startClient } from "./fake-service.js";

const NEVER = (): Promise<UpdateScoreResponse> => new Promise(() => undefined);

test("a write is sent again with its request id until it is accepted", async (context) => {
  const ids: string[] = [];
  const client = await startClient(context, async ({ request }) => {
    ids.push(request.requestId);
    const codes = [status.UNAVAILABLE, status.CANCELLED, status.INTERNAL];
    const code = codes[ids.length - 1];
    if (code !== undefined) {
      throw { code, details: "try again" };
    }
    return ACCEPTED;
  });

  const { user } = await client.updateScore(UPDATE);

  assert.equal(user.score, 9_007_199_254_740_992n);
  assert.equal(ids.length, 4);
  assert.equal(new Set(ids).size, 1);
  assert.match(ids[0] ?? "", /^[0-9a-f]{32}$/);
});

test("a refused request is not sent again", async (context) => {
  let attempts = 0;
  const client = await startClient(context, async () => {
    attempts++;
    throw { code: status.INVALID_ARGUMENT, details: "user_id is malformed" };
  });

  await assert.rejects(client.updateScore(UPDATE), InvalidRequestError);
  assert.equal(attempts, 1);
});

test("a requested delay beyond the deadline ends the call at once", async (context) => {
  const retry = create(RetryInfoSchema, { retryDelay: { seconds: 3n } });
  const details = [anyPack(RetryInfoSchema, retry)];
  const metadata = new Metadata();
  const trailer = toBinary(StatusSchema, create(StatusSchema, { details }));
  metadata.set("grpc-status-details-bin", Buffer.from(trailer));
  const client = await startClient(context, async () => {
    throw { code: status.RESOURCE_EXHAUSTED, details: "too much", metadata };
  });

  const refused = (error: unknown): boolean =>
    error instanceof OverloadedError && error.retryAfterMs === 3_000;
  await assert.rejects(client.updateScore(UPDATE, { timeoutMs: 2_000 }), refused);
});

test("a call without a response ends at its deadline", async (context) => {
  const client = await startClient(context, NEVER, { timeoutMs: 200 });

  await assert.rejects(client.updateScore(UPDATE), DeadlineExceededError);
});

test("a deadline error has the last error as its cause", async (context) => {
  let attempts = 0;
  const client = await startClient(context, () =>
    attempts++ ? NEVER() : Promise.reject({ code: status.UNAVAILABLE, details: "restarting" }),
  );

  const late = (error: unknown): boolean =>
    error instanceof DeadlineExceededError &&
    error.cause instanceof UnavailableError &&
    error.message.includes("restarting");
  await assert.rejects(client.updateScore(UPDATE, { timeoutMs: 1_000 }), late);
});

test("an unreachable server is reported as unavailable, not as a deadline", async () => {
  const { address, stop } = await serve({});
  stop();
  const client = new Client(address, { timeoutMs: 2_000 });

  await assert.rejects(client.updateScore(UPDATE), UnavailableError);
  client.close();
});

test("CANCELLED from a server that stops is not the error of a closed client", async (context) => {
  const client = await startClient(context, () =>
    Promise.reject({ code: status.CANCELLED, details: "stopping" }),
  );

  const stopping = (error: unknown): boolean =>
    error instanceof LeaderboardError &&
    !(error instanceof CancelledError) &&
    error.code === "CANCELLED" &&
    error.message === "stopping";
  await assert.rejects(client.updateScore(UPDATE, { timeoutMs: 300 }), stopping);
});

test("a response with too few results is an error, and not retried", async (context) => {
  let attempts = 0;
  const client = await startClient(context, {
    batch: async () => {
      attempts++;
      const results = [{ outcome: { case: "response" as const, value: ACCEPTED } }];
      return create(BatchUpdateScoresResponseSchema, { results });
    },
  });
  const errors: Error[] = [];
  const buffer = client.scoreBuffer({ onError: (_, error) => errors.push(error) });

  await assert.rejects(client.batchUpdateScores([UPDATE, UPDATE]), {
    name: "InvalidResponseError",
    code: "INTERNAL",
  });
  await buffer.add(UPDATE);
  await buffer.add(UPDATE);
  await buffer.close();

  assert.equal(attempts, 2);
  assert.deepEqual([buffer.acknowledged, buffer.refused], [0, 2]);
  assert.ok(
    errors.every((error) => error instanceof LeaderboardError && error.code === "INTERNAL"),
  );
});

// Far below the 4 s of an attempt and the 10 s of a call.
test("giveUpAfterMs limits the attempts of a buffer", { timeout: 3_000 }, async (context) => {
  const client = await startClient(context, { batch: () => new Promise(() => undefined) });
  const errors: Error[] = [];
  const onError = (_: unknown, error: Error): number => errors.push(error);
  const buffer = client.scoreBuffer({ onError, giveUpAfterMs: 200 });

  await buffer.add(UPDATE);
  await buffer.close();

  assert.ok(errors[0] instanceof DeadlineExceededError);
});

// Far below the linger time of an hour.
test("closing the client ends its buffers at once", { timeout: 3_000 }, async (context) => {
  const client = await startClient(context, {});
  const reported = new Promise<Error>((resolve) => {
    const onError = (_: unknown, error: Error): void => resolve(error);
    const buffer = client.scoreBuffer({ onError, lingerMs: 3_600_000 });
    void buffer.add(UPDATE);
  });

  client.close();

  assert.ok((await reported) instanceof CancelledError);
});

test("an aborted signal ends the call at once, and cancels it on the server", async (context) => {
  const stop = new AbortController();
  const cancelled = new Promise<void>((resolve) => {
    void startClient(context, (call) => {
      call.once("cancelled", resolve);
      stop.abort();
      return NEVER();
    }).then(async (client) => {
      await assert.rejects(client.updateScore(UPDATE, { signal: stop.signal }), {
        name: "AbortError",
      });
    });
  });

  await cancelled;
});

// Far below the 4 s of an attempt, which would end the call too.
test("a call may be aborted at any moment", { timeout: 3_000 }, async (context) => {
  const client = await startClient(context, NEVER);

  const aborted = Array.from({ length: 50 }, async (_, moment) => {
    const stop = new AbortController();
    const call = client.updateScore(UPDATE, { signal: stop.signal });
    const rejected = assert.rejects(call, { name: "AbortError" });
    for (let turn = 0; turn < moment; turn++) {
      await null;
    }
    stop.abort();
    await rejected;
  });

  await Promise.all(aborted);
});

test("many calls may share one signal, without a warning", async (context) => {
  const warnings: Error[] = [];
  const listener = (warning: Error): number => warnings.push(warning);
  process.on("warning", listener);
  context.after(() => process.off("warning", listener));
  const { signal } = new AbortController();
  const client = await startClient(context, async () => ACCEPTED);

  await Promise.all(Array.from({ length: 50 }, () => client.updateScore(UPDATE, { signal })));

  assert.deepEqual(warnings, []);
});

test("closing the client ends its calls, and new ones are rejected", async (context) => {
  const client = await startClient(context, () => {
    client.close();
    return NEVER();
  });

  await assert.rejects(client.updateScore(UPDATE), CancelledError);
  await assert.rejects(client.updateScore(UPDATE), CancelledError);
});
