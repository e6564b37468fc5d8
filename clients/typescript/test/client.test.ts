// Tests of tokens, options and values that a client accepts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { Client } from "../src/node/client.js";
import { DeadlineExceededError, InvalidRequestError } from "../src/errors.js";
import {
  BatchUpdateScoresResponseSchema,
  UpdateMode,
  UpdateScoreResponseSchema,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import type { Instant } from "../src/model.js";
import { UPDATE, ACCEPTED, startClient } from "./fake-service.js";

test("a token is sent with each call", async (context) => {
  const tokens: unknown[] = [];
  let count = 0;
  const token = async (): Promise<string> => `token-${++count}`;
  const client = await startClient(
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
  const client = await startClient(context, async () => ACCEPTED, {
    token: () => new Promise(() => undefined),
  });

  await assert.rejects(client.updateScore(UPDATE, { timeoutMs: 200 }), DeadlineExceededError);
});

test("the error for an invalid token does not contain it", async (context) => {
  const secret = "s3cr3t\n";
  const refused = (error: unknown): boolean =>
    error instanceof TypeError && !error.message.includes("s3cr3t");
  const client = await startClient(context, async () => ACCEPTED, { token: () => secret });

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
  const client = await startClient(context, async () => ACCEPTED);

  for (const timeoutMs of [0, -1, Number.NaN, "5" as unknown as number]) {
    assert.throws(() => new Client("127.0.0.1:1", { timeoutMs }), RangeError);
    await assert.rejects(client.updateScore(UPDATE, { timeoutMs }), RangeError);
  }
});

test("values that can't be encoded are refused before they are sent", async (context) => {
  const client = await startClient(context, async () => ACCEPTED);
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
    { clearDisplayName: "yes" as unknown as boolean },
    { attributes: { country: "\ud83d" } },
    { attributes: { level: 5 as unknown as string } },
    { attributes: new Map([["country", "gb"]]) as unknown as Record<string, string> },
    { attributes: ["gb"] as unknown as Record<string, string> },
  ];

  for (const part of wrong) {
    await assert.rejects(client.updateScore({ ...UPDATE, ...part }), InvalidRequestError);
  }
  const names = (field: string) => (error: InvalidRequestError) =>
    error.violations[0]?.field === field;
  const unpaired = { ...UPDATE, eventType: "\udfff" };
  const inBatch = (update: object): Promise<unknown> =>
    client.batchUpdateScores([UPDATE, { ...UPDATE, ...update }]);
  await assert.rejects(client.updateScore(unpaired), names("event_type"));
  await assert.rejects(inBatch({ eventType: "\udfff" }), names("updates[1].event_type"));
  await assert.rejects(inBatch({ points: 0.5 }), names("updates[1].points"));
  const wrongTimes = [
    new Date(Number.NaN),
    { seconds: 5n, nanos: 0.5 },
    { seconds: 2n ** 63n, nanos: 0 },
  ];
  for (const eventTime of wrongTimes) {
    await assert.rejects(inBatch({ eventTime }), names("updates[1].event_time"));
  }
  await assert.rejects(client.getTopUsers("chess", { limit: 1.5 }), InvalidRequestError);
});

test("an event time is sent to the nanosecond, also before 1970", async (context) => {
  const times: unknown[] = [];
  const client = await startClient(context, async ({ request }) => {
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

test("an update is sent as it is given, and without a mode if it has none", async (context) => {
  const requests: unknown[] = [];
  const client = await startClient(context, async ({ request }) => {
    const { mode, clearDisplayName, attributes } = request;
    requests.push([UpdateMode[mode], clearDisplayName, attributes]);
    return ACCEPTED;
  });
  const attributes = { country: "gb", team: "" };

  await client.updateScore(UPDATE);
  await client.updateScore({ ...UPDATE, mode: "BEST", clearDisplayName: true, attributes });

  assert.deepEqual(requests, [
    ["UNSPECIFIED", false, {}],
    ["BEST", true, attributes],
  ]);
});

test("an update's result has places and attributes", async (context) => {
  const user = { userId: "ada", score: 5n, rank: 2, place: 3, attributes: { country: "gb" } };
  const response = create(UpdateScoreResponseSchema, { user, previousRank: 4, previousPlace: 6 });
  const client = await startClient(context, async () => response);

  const result = await client.updateScore(UPDATE);

  assert.deepEqual(result.user, { ...user, displayName: "" });
  assert.deepEqual([result.previousRank, result.previousPlace], [4, 6]);
});

test("an update of a buffer is sent as it was when it was added", async (context) => {
  const sent: unknown[] = [];
  const client = await startClient(context, {
    batch: async ({ request: { updates } }) => {
      for (const { attributes, clearDisplayName } of updates) {
        sent.push([attributes, clearDisplayName]);
      }
      const outcome = { case: "response" as const, value: ACCEPTED };
      const results = updates.map(() => ({ outcome }));
      return create(BatchUpdateScoresResponseSchema, { results });
    },
  });
  const buffer = client.scoreBuffer({ onError: () => undefined });
  const attributes = { country: "gb" };

  await buffer.add({ ...UPDATE, attributes, clearDisplayName: true });
  attributes.country = "fr";
  await buffer.close();

  assert.deepEqual(sent, [[{ country: "gb" }, true]]);
});
