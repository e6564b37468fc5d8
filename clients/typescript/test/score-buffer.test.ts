// Tests of a score buffer: batches, retries, flushes and options.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { OpenCalls } from "../src/call-bounds.js";
import {
  BufferClosedError,
  CancelledError,
  InvalidRequestError,
  OverloadedError,
  UnavailableError,
} from "../src/errors.js";
import type { UpdateScoreRequest } from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { ScoreBuffer, type Send } from "../src/node/score-buffer.js";
import type { ScoreBufferOptions } from "../src/node/score-buffer-options.js";
import { ACCEPTED, UNAVAILABLE_RESULT, bufferOf, gate, update } from "./score-buffer-fixtures.js";

test("updates are sent in order, in batches of the batch size", async () => {
  const batches: string[][] = [];
  const { buffer } = bufferOf(
    async (updates) => {
      batches.push(updates.map(({ userId }) => userId));
      return updates.map(() => ACCEPTED);
    },
    { batchSize: 2 },
  );

  for (const userId of ["a", "b", "c", "d", "e"]) {
    await buffer.add(update(userId));
  }
  await buffer.close();

  assert.deepEqual(batches, [["a", "b"], ["c", "d"], ["e"]]);
  assert.equal(buffer.acknowledged, 5);
});

test("retryable updates are sent again with their request ids, before later ones", async () => {
  const batches: UpdateScoreRequest[][] = [];
  const { buffer, refused } = bufferOf(
    async (updates) => {
      batches.push([...updates]);
      return updates.map(({ userId }) =>
        batches.length === 1 && userId === "a" ? UNAVAILABLE_RESULT : ACCEPTED,
      );
    },
    { batchSize: 2 },
  );

  for (const userId of ["a", "b", "c"]) {
    await buffer.add(update(userId));
  }
  await buffer.close();

  assert.deepEqual(
    batches.map((batch) => batch.map(({ userId }) => userId)),
    [
      ["a", "b"],
      ["a", "c"],
    ],
  );
  assert.match(batches[0]?.[0]?.requestId ?? "", /^[0-9a-f]{32}$/);
  assert.equal(batches[1]?.[0]?.requestId, batches[0]?.[0]?.requestId);
  assert.deepEqual([buffer.acknowledged, buffer.refused, refused], [3, 0, []]);
});

test("a batch that fails as a whole is sent again", async () => {
  let failures = 2;
  const { buffer } = bufferOf(async (updates) => {
    if (failures-- > 0) {
      throw new UnavailableError("UNAVAILABLE", "unavailable");
    }
    return updates.map(() => ACCEPTED);
  });

  await buffer.add(update("a"));
  await buffer.flush();

  assert.equal(buffer.acknowledged, 1);
});

test("one oversized update does not fail the others of its batch", async () => {
  const batches: string[][] = [];
  const { buffer, refused } = bufferOf(async (updates) => {
    batches.push(updates.map(({ userId }) => userId));
    if (batches.at(-1)?.includes("large")) {
      throw new OverloadedError("RESOURCE_EXHAUSTED", "the request is too large");
    }
    return updates.map(() => ACCEPTED);
  });

  for (const userId of ["a", "b", "large", "c", "d"]) {
    await buffer.add(update(userId));
  }
  await buffer.close();

  assert.deepEqual(refused, ["large"]);
  assert.deepEqual([buffer.acknowledged, buffer.refused], [4, 1]);
  const sizes = batches.map((batch) => batch.length);
  assert.deepEqual(sizes, [5, 3, 2, 1, 2]);
});

test("a batch is not halved for an overloaded server", async () => {
  const sizes: number[] = [];
  const busy = new OverloadedError("RESOURCE_EXHAUSTED", "busy", { retryAfterMs: 0 });
  const { buffer } = bufferOf(async (updates) => {
    sizes.push(updates.length);
    if (sizes.length === 1) {
      throw busy;
    }
    return updates.map(() => ACCEPTED);
  });

  await buffer.add(update("a"));
  await buffer.add(update("b"));
  await buffer.close();

  assert.deepEqual(sizes, [2, 2]);
});

test("options out of their range are refused when the buffer is made", () => {
  const send: Send = async (updates) => updates.map(() => ACCEPTED);
  const wrong: Partial<ScoreBufferOptions>[] = [
    { batchSize: 1_001 },
    { batchSize: 2.5 },
    { maxPending: 0 },
    { maxPending: Number.NaN },
    { lingerMs: -1 },
    { lingerMs: 2 ** 31 },
    { lingerMs: "5" as unknown as number },
    { giveUpAfterMs: -1 },
    { giveUpAfterMs: Number.NaN },
  ];

  for (const options of wrong) {
    assert.throws(() => bufferOf(send, options), RangeError, JSON.stringify(options));
  }
  for (const options of [undefined, {}, { onError: "log" }]) {
    const make = (): ScoreBuffer =>
      new ScoreBuffer(send, new OpenCalls(), options as unknown as ScoreBufferOptions);
    assert.throws(make, /onError/);
  }
});

test("add waits while too many updates are pending", async () => {
  const { opened, open } = gate();
  const { buffer } = bufferOf(
    async (updates) => {
      await opened;
      return updates.map(() => ACCEPTED);
    },
    { maxPending: 2, lingerMs: 0 },
  );
  let admitted = false;

  await buffer.add(update("a"));
  await buffer.add(update("b"));
  const third = buffer.add(update("c")).then(() => {
    admitted = true;
  });
  await setImmediate();
  assert.ok(!admitted);

  open();
  await third;
  await buffer.close();
  assert.equal(buffer.acknowledged, 3);
});

test("updates that are added at once are not pending beyond the limit, and keep their order", async () => {
  const { opened, open } = gate();
  const batches: string[][] = [];
  let admitted = 0;
  const { buffer } = bufferOf(
    async (updates) => {
      batches.push(updates.map(({ userId }) => userId));
      await opened;
      return updates.map(() => ACCEPTED);
    },
    { maxPending: 2, lingerMs: 3_600_000 },
  );
  const adding = ["a", "b", "c", "d", "e"].map(async (userId) => {
    await buffer.add(update(userId));
    admitted++;
  });

  await setImmediate();
  assert.equal(admitted, 2);
  assert.deepEqual(batches, [["a", "b"]]);

  const closed = buffer.close();
  open();
  await Promise.all([...adding, closed]);
  assert.deepEqual(batches.flat(), ["a", "b", "c", "d", "e"]);
  assert.ok(batches.every((batch) => batch.length <= 2));
});

test("an update that waits for room is rejected when the client is closed", async () => {
  const { opened, open } = gate();
  const send: Send = () => opened.then(() => Promise.reject(closed));
  const closed = new CancelledError("CANCELLED", "the client was closed");
  const { buffer, refused, open: calls } = bufferOf(send, { maxPending: 1 });
  await buffer.add(update("a"));
  const waiting = assert.rejects(buffer.add(update("b")), CancelledError);

  calls.close();
  open();

  await waiting;
  await buffer.close();
  assert.deepEqual(refused, ["a"]);
});

test(
  "an update that begins to wait for room as the client is closed is rejected",
  { timeout: 5_000 },
  async () => {
    const options = { maxPending: 1, lingerMs: 3_600_000, batchSize: 1 };
    const send: Send = () => Promise.reject(new UnavailableError("UNAVAILABLE", "unavailable"));
    const { buffer, refused, open } = bufferOf(send, options);
    await buffer.add(update("a"));
    await setImmediate();

    open.close();
    const late = buffer.add(update("b"));

    await assert.rejects(late, CancelledError);
    await buffer.close();
    assert.deepEqual(refused, ["a"]);
  },
);

test("a flush waits only for updates added before", async () => {
  const { opened, open } = gate();
  const { buffer } = bufferOf(
    async (updates) => {
      if (updates.some(({ userId }) => userId === "later")) {
        await opened;
      }
      return updates.map(() => ACCEPTED);
    },
    { batchSize: 1 },
  );

  await buffer.add(update("a"));
  const flushed = buffer.flush();
  await buffer.add(update("later"));
  await flushed;

  assert.equal(buffer.acknowledged, 1);
  open();
  await buffer.close();
});

test("a closed buffer and values that can't be encoded are refused", async () => {
  const { buffer } = bufferOf(async (updates) => updates.map(() => ACCEPTED));

  await assert.rejects(buffer.add({ ...update("a"), points: 0.5 }), InvalidRequestError);
  await buffer.close();

  await assert.rejects(buffer.add(update("a")), BufferClosedError);
});
