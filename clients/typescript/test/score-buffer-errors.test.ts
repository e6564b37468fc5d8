// Tests of updates that a score buffer refuses or gives up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { CancelledError, UnavailableError } from "../src/errors.js";
import {
  ACCEPTED,
  REFUSED,
  UNAVAILABLE_RESULT,
  bufferOf,
  gate,
  update,
} from "./score-buffer-fixtures.js";

test("updates that are refused for good or wait too long are reported", async () => {
  const { buffer, refused } = bufferOf(
    async (updates) =>
      updates.map(({ userId }) => (userId === "bad" ? REFUSED : UNAVAILABLE_RESULT)),
    { giveUpAfterMs: 1 },
  );

  await buffer.add(update("bad"));
  await buffer.add(update("late"));
  await buffer.close();

  assert.deepEqual(refused.sort(), ["bad", "late"]);
  assert.deepEqual([buffer.acknowledged, buffer.refused], [0, 2]);
});

test("the time of an update counts from its own add, and limits its attempts", async () => {
  const left: number[] = [];
  const errors: Error[] = [];
  const unavailable = new UnavailableError("UNAVAILABLE", "unavailable");
  const { buffer } = bufferOf(
    async (updates, timeoutMs) => {
      left.push(timeoutMs);
      if (updates[0]?.userId === "late") {
        throw unavailable;
      }
      return updates.map(() => ACCEPTED);
    },
    { giveUpAfterMs: 1_500, onError: (_, error) => errors.push(error) },
  );

  await buffer.add(update("late"));
  await buffer.flush();
  await buffer.add(update("next"));
  await buffer.close();

  assert.deepEqual(errors, [unavailable]);
  assert.deepEqual([buffer.acknowledged, buffer.refused], [1, 1]);
  const forLate = left.slice(0, -1);
  assert.deepEqual(
    forLate,
    forLate.toSorted((one, other) => other - one),
  );
  assert.ok((left[0] ?? Infinity) <= 1_500);
});

// Far below the 5 s of the requested delay.
test(
  "pending updates are reported at once when the client is closed",
  { timeout: 3_000 },
  async () => {
    const { opened, open: fail } = gate();
    const errors: Error[] = [];
    const added: Promise<void>[] = [];
    const { buffer, open } = bufferOf(
      async () => {
        fail();
        throw new UnavailableError("UNAVAILABLE", "unavailable", { retryAfterMs: 3_600_000 });
      },
      {
        batchSize: 1,
        onError: (_, error) => {
          errors.push(error);
          added.push(buffer.add(update("more")));
          added.at(-1)?.catch(() => undefined);
        },
      },
    );
    await buffer.add(update("a"));
    await buffer.add(update("b"));
    await opened;
    await setImmediate();

    open.close();
    await buffer.flush();

    assert.equal(errors.length, 2);
    assert.ok(errors.every((error) => error instanceof CancelledError));
    for (const each of added) {
      await assert.rejects(each, CancelledError);
    }
    await assert.rejects(buffer.add(update("c")), CancelledError);
    assert.deepEqual([buffer.acknowledged, buffer.refused], [0, 2]);
  },
);

test("an error thrown by onError is uncaught, and the other updates are reported", async (context) => {
  const thrown: unknown[] = [];
  const listener = (error: unknown): number => thrown.push(error);
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", listener);
  context.after(() => {
    process.removeListener("uncaughtException", listener);
    others.forEach((other) => process.on("uncaughtException", other));
  });
  const mine = new Error("mine");
  const { buffer } = bufferOf(async (updates) => updates.map(() => REFUSED), {
    onError: () => {
      throw mine;
    },
  });

  await buffer.add(update("a"));
  await buffer.add(update("b"));
  await buffer.close();
  await setImmediate();

  assert.deepEqual(thrown, [mine, mine]);
  assert.equal(buffer.refused, 2);
});
