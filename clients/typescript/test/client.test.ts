// How calls are made, made again, and ended.

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
  OverloadedError,
  UnavailableError,
} from "../src/errors.js";
import { RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../src/gen/google/rpc/status_pb.js";
import {
  type UpdateScoreResponse,
  UpdateScoreResponseSchema,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { type Behaviour, lineTo, serve } from "./fake-service.js";

const UPDATE = { contestId: "chess", userId: "ada", points: 5 };
const TAKEN = create(UpdateScoreResponseSchema, {
  user: { userId: "ada", score: 2n ** 53n, rank: 1 },
  position: { epoch: "e", revision: 1n },
});
const NEVER = (): Promise<UpdateScoreResponse> => new Promise(() => undefined);

async function clientOf(
  context: TestContext,
  update: NonNullable<Behaviour["update"]>,
  options: ClientOptions = {},
): Promise<Client> {
  const service = await serve({ update });
  const client = new Client(service.address, options);
  context.after(() => {
    client.close();
    service.stop();
  });
  return client;
}

test("a write is sent again with its request id until it is taken", async (context) => {
  const ids: string[] = [];
  const client = await clientOf(context, async ({ request }) => {
    ids.push(request.requestId);
    const codes = [status.UNAVAILABLE, status.CANCELLED, status.INTERNAL];
    const code = codes[ids.length - 1];
    if (code !== undefined) {
      throw { code, details: "try again" };
    }
    return TAKEN;
  });

  const { user } = await client.updateScore(UPDATE);

  assert.equal(user.score, 9_007_199_254_740_992n);
  assert.equal(ids.length, 4);
  assert.equal(new Set(ids).size, 1);
  assert.match(ids[0] ?? "", /^[0-9a-f]{32}$/);
});

test("what the service refuses is not sent again", async (context) => {
  let attempts = 0;
  const client = await clientOf(context, async () => {
    attempts++;
    throw { code: status.INVALID_ARGUMENT, details: "user_id is malformed" };
  });

  await assert.rejects(client.updateScore(UPDATE), InvalidRequestError);
  assert.equal(attempts, 1);
});

test("a server that asks to come back after the deadline is told of at once", async (context) => {
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

test("a call that nobody answers ends at its deadline", async (context) => {
  const client = await clientOf(context, NEVER, { timeoutMs: 200 });

  await assert.rejects(client.updateScore(UPDATE), DeadlineExceededError);
});

test("a deadline tells what went wrong before", async (context) => {
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

test("a server that is away is told from a deadline", async () => {
  const { address, stop } = await serve({});
  stop();
  const client = new Client(address, { timeoutMs: 500 });

  await assert.rejects(client.updateScore(UPDATE), UnavailableError);
  client.close();
});

test("a caller who gives up is told so at once, and so is the server", async (context) => {
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
test("a caller may give up at any moment", { timeout: 3_000 }, async (context) => {
  const client = await clientOf(context, NEVER);

  const givenUp = Array.from({ length: 50 }, async (_, moment) => {
    const stop = new AbortController();
    const call = client.updateScore(UPDATE, { signal: stop.signal });
    const told = assert.rejects(call, { name: "AbortError" });
    for (let turn = 0; turn < moment; turn++) {
      await null;
    }
    stop.abort();
    await told;
  });

  await Promise.all(givenUp);
});

test("one signal may be that of many calls, without a warning", async (context) => {
  const warnings: Error[] = [];
  const warned = (warning: Error): number => warnings.push(warning);
  process.on("warning", warned);
  context.after(() => process.off("warning", warned));
  const { signal } = new AbortController();
  const client = await clientOf(context, async () => TAKEN);

  await Promise.all(Array.from({ length: 50 }, () => client.updateScore(UPDATE, { signal })));

  assert.deepEqual(warnings, []);
});

test("closing the client ends its calls, and new ones are refused", async (context) => {
  const client = await clientOf(context, () => {
    client.close();
    return NEVER();
  });

  await assert.rejects(client.updateScore(UPDATE), CancelledError);
  await assert.rejects(client.updateScore(UPDATE), CancelledError);
});

test("a connection that fell silent is replaced", async (context) => {
  const service = await serve({ update: async () => TAKEN });
  const line = await lineTo(service.address);
  const client = new Client(line.address);
  context.after(() => {
    client.close();
    line.stop();
    service.stop();
  });
  await client.updateScore(UPDATE);

  line.mute();

  assert.equal((await client.updateScore(UPDATE)).user.userId, "ada");
});

test("a token is sent with each call", async (context) => {
  const tokens: unknown[] = [];
  let asked = 0;
  const token = async (): Promise<string> => `token-${++asked}`;
  const client = await clientOf(
    context,
    async (call) => {
      tokens.push(...call.metadata.get("authorization"));
      return TAKEN;
    },
    { token },
  );

  await client.updateScore(UPDATE);
  await client.updateScore(UPDATE);

  assert.deepEqual(tokens, ["Bearer token-1", "Bearer token-2"]);
});

test("a token that would be sent in the clear is refused, and so is what is no address", () => {
  assert.throws(() => new Client("10.0.0.7:50051", { token: "secret" }), /TLS/);
  for (const address of ["localhost", "localhost:", "http://localhost:50051", "a b:1"]) {
    assert.throws(() => new Client(address), TypeError, address);
  }
  for (const address of ["localhost:1", "[::1]:1", "127.0.0.1:1"]) {
    new Client(address, { token: "secret" }).close();
  }
});

test("values that no message can hold are refused before they are sent", async (context) => {
  const client = await clientOf(context, async () => TAKEN);
  const wrong = [
    { points: 0.5 },
    { points: 2 ** 53 },
    { points: 2n ** 63n },
    { mode: "set" as "SET" },
    { eventTime: new Date(Number.NaN) },
  ];

  for (const part of wrong) {
    await assert.rejects(client.updateScore({ ...UPDATE, ...part }), InvalidRequestError);
  }
  await assert.rejects(client.getTopUsers("chess", { limit: 1.5 }), InvalidRequestError);
});

test("a moment is told to the nanosecond, also before 1970", async (context) => {
  const moments: unknown[] = [];
  const client = await clientOf(context, async ({ request }) => {
    const { seconds, nanos } = request.eventTime ?? {};
    moments.push([seconds, nanos]);
    return TAKEN;
  });

  await client.updateScore({ ...UPDATE, eventTime: new Date(-1) });
  await client.updateScore({ ...UPDATE, eventTime: { seconds: 5n, nanos: 7 } });

  assert.deepEqual(moments, [
    [-1n, 999_000_000],
    [5n, 7],
  ]);
});
