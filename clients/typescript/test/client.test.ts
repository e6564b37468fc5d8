// Tests of calls, their retries and their errors.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, status } from "@grpc/grpc-js";

import { Client, type ClientOptions } from "../src/client.js";
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
  UpdateScoreResponseSchema,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import type { Instant } from "../src/model.js";
import { type Behaviour, relayTo, serve } from "./fake-service.js";

const UPDATE = { contestId: "chess", userId: "ada", points: 5 };
const ACCEPTED = create(UpdateScoreResponseSchema, {
  user: { userId: "ada", score: 2n ** 53n, rank: 1 },
  position: { epoch: "e", revision: 1n },
});
const NEVER = (): Promise<UpdateScoreResponse> => new Promise(() => undefined);

async function clientOf(
  context: TestContext,
  behaviour: Behaviour | NonNullable<Behaviour["update"]>,
  options: ClientOptions = {},
): Promise<Client> {
  const service = await serve(typeof behaviour === "function" ? { update: behaviour } : behaviour);
  const client = new Client(service.address, options);
  context.after(() => {
    client.close();
    service.stop();
  });
  return client;
}

test("a write is sent again with its request id until it is accepted", async (context) => {
  const ids: string[] = [];
  const client = await clientOf(context, async ({ request }) => {
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
  const client = await clientOf(context, async () => {
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
  const client = await clientOf(context, async () => {
    throw { code: status.RESOURCE_EXHAUSTED, details: "too much", metadata };
  });

  const refused = (error: unknown): boolean =>
    error instanceof OverloadedError && error.retryAfterMs === 3_000;
  await assert.rejects(client.updateScore(UPDATE, { timeoutMs: 2_000 }), refused);
});

test("a call without a response ends at its deadline", async (context) => {
  const client = await clientOf(context, NEVER, { timeoutMs: 200 });

  await assert.rejects(client.updateScore(UPDATE), DeadlineExceededError);
});

test("a deadline error has the last error as its cause", async (context) => {
  let attempts = 0;
  const client = await clientOf(context, () =>
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
  const client = new Client(address, { timeoutMs: 500 });

  await assert.rejects(client.updateScore(UPDATE), UnavailableError);
  client.close();
});

test("CANCELLED from a server that stops is not the error of a closed client", async (context) => {
  const client = await clientOf(context, () =>
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
  const client = await clientOf(context, {
    batch: async () => {
      attempts++;
      const results = [{ outcome: { case: "response" as const, value: ACCEPTED } }];
      return create(BatchUpdateScoresResponseSchema, { results });
    },
  });
  const errors: Error[] = [];
  const buffer = client.scoreBuffer({ onError: (_, error) => errors.push(error) });

  await assert.rejects(client.batchUpdateScores([UPDATE, UPDATE]), { code: "INTERNAL" });
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
  const client = await clientOf(context, { batch: () => new Promise(() => undefined) });
  const errors: Error[] = [];
  const onError = (_: unknown, error: Error): number => errors.push(error);
  const buffer = client.scoreBuffer({ onError, giveUpAfterMs: 200 });

  await buffer.add(UPDATE);
  await buffer.close();

  assert.ok(errors[0] instanceof DeadlineExceededError);
});

// Far below the linger time of an hour.
test("closing the client ends its buffers at once", { timeout: 3_000 }, async (context) => {
  const client = await clientOf(context, {});
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
    void clientOf(context, (call) => {
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
  const client = await clientOf(context, NEVER);

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
  const client = await clientOf(context, async () => ACCEPTED);

  await Promise.all(Array.from({ length: 50 }, () => client.updateScore(UPDATE, { signal })));

  assert.deepEqual(warnings, []);
});

test("closing the client ends its calls, and new ones are rejected", async (context) => {
  const client = await clientOf(context, () => {
    client.close();
    return NEVER();
  });

  await assert.rejects(client.updateScore(UPDATE), CancelledError);
  await assert.rejects(client.updateScore(UPDATE), CancelledError);
});

test("a dead connection is replaced", async (context) => {
  const service = await serve({ update: async () => ACCEPTED });
  const relay = await relayTo(service.address);
  const client = new Client(relay.address);
  context.after(() => {
    client.close();
    relay.stop();
    service.stop();
  });
  await client.updateScore(UPDATE);

  relay.mute();

  assert.equal((await client.updateScore(UPDATE)).user.userId, "ada");
});

test("a token is sent with each call", async (context) => {
  const tokens: unknown[] = [];
  let count = 0;
  const token = async (): Promise<string> => `token-${++count}`;
  const client = await clientOf(
    context,
    async (call) => {
      tokens.push(...call.metadata.get("authorization"));
      return ACCEPTED;
    },
    { token },
  );

  await client.updateScore(UPDATE);
  await client.updateScore(UPDATE);

  assert.deepEqual(tokens, ["Bearer token-1", "Bearer token-2"]);
});

test("a token function that hangs delays a call up to its deadline", async (context) => {
  const client = await clientOf(context, async () => ACCEPTED, {
    token: () => new Promise(() => undefined),
  });

  await assert.rejects(client.updateScore(UPDATE, { timeoutMs: 200 }), DeadlineExceededError);
});

test("the error for an invalid token does not contain it", async (context) => {
  const secret = "s3cr3t\n";
  const refused = (error: unknown): boolean =>
    error instanceof TypeError && !error.message.includes("s3cr3t");
  const client = await clientOf(context, async () => ACCEPTED, { token: () => secret });

  assert.throws(() => new Client("127.0.0.1:1", { token: secret }), refused);
  await assert.rejects(client.updateScore(UPDATE), refused);
});

test("a token without TLS and an invalid address are refused", () => {
  // The last two are names, not addresses, and may belong to any machine.
  for (const host of ["10.0.0.7", "127.0.0.999", "127.0.0.1.example.com"]) {
    assert.throws(() => new Client(`${host}:50051`, { token: "secret" }), /TLS/, host);
  }
  const wrong = ["localhost", "localhost:", "http://localhost:50051", "a b:1", "a:0", "a:65536"];
  for (const address of wrong) {
    assert.throws(() => new Client(address), TypeError, address);
  }
  for (const address of ["localhost:1", "[::1]:1", "127.0.0.1:1"]) {
    new Client(address, { token: "secret" }).close();
  }
});

test("an invalid timeout is refused at once, for the client and for a call", async (context) => {
  const client = await clientOf(context, async () => ACCEPTED);

  for (const timeoutMs of [0, -1, Number.NaN, "5" as unknown as number]) {
    assert.throws(() => new Client("127.0.0.1:1", { timeoutMs }), RangeError);
    await assert.rejects(client.updateScore(UPDATE, { timeoutMs }), RangeError);
  }
});

test("values that can't be encoded are refused before they are sent", async (context) => {
  const client = await clientOf(context, async () => ACCEPTED);
  const wrong = [
    { points: 0.5 },
    { points: 2 ** 53 },
    { points: 2n ** 63n },
    { mode: "set" as "SET" },
    { eventTime: new Date(Number.NaN) },
    { eventTime: "2026-01-01" as unknown as Date },
    { eventTime: 1_767_225_600 as unknown as Date },
    { eventTime: { seconds: 5n, nanos: 0.5 } },
    { eventTime: { nanos: 5 } as Instant },
    { displayName: "an unpaired surrogate: \ud83d" },
    { userId: 5 as unknown as string },
  ];

  for (const part of wrong) {
    await assert.rejects(client.updateScore({ ...UPDATE, ...part }), InvalidRequestError);
  }
  const names = (field: string) => (error: InvalidRequestError) =>
    error.violations[0]?.field === field;
  const unpaired = { ...UPDATE, eventType: "\udfff" };
  await assert.rejects(client.batchUpdateScores([UPDATE, unpaired]), names("event_type"));
  await assert.rejects(client.getTopUsers("chess", { limit: 1.5 }), InvalidRequestError);
});

test("an event time is sent to the nanosecond, also before 1970", async (context) => {
  const times: unknown[] = [];
  const client = await clientOf(context, async ({ request }) => {
    const { seconds, nanos } = request.eventTime ?? {};
    times.push([seconds, nanos]);
    return ACCEPTED;
  });

  await client.updateScore({ ...UPDATE, eventTime: new Date(-1) });
  await client.updateScore({ ...UPDATE, eventTime: { seconds: 5n, nanos: 7 } });

  assert.deepEqual(times, [
    [-1n, 999_000_000],
    [5n, 7],
  ]);
});
