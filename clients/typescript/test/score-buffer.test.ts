// What a buffer sends, sends again and gives up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { InvalidRequestError, UnavailableError } from "../src/errors.js";
import type { BatchResult, ScoreUpdate } from "../src/model.js";
import { ScoreBuffer, type ScoreBufferOptions, type Send } from "../src/score-buffer.js";

const TAKEN: BatchResult = {
  ok: true,
  result: {
    user: { userId: "ada", score: 1n, rank: 1, displayName: "" },
    previousScore: 0n,
    previousRank: 0,
    applied: true,
    replayed: false,
    position: { epoch: "e", revision: 1n },
  },
};
const AWAY: BatchResult = { ok: false, error: new UnavailableError("UNAVAILABLE", "away") };
const REFUSED: BatchResult = {
  ok: false,
  error: new InvalidRequestError("INVALID_ARGUMENT", "no"),
};

function bufferOf(
  send: Send,
  options: Partial<ScoreBufferOptions> = {},
): { buffer: ScoreBuffer; given: string[] } {
  const given: string[] = [];
  const onError = (update: ScoreUpdate): number => given.push(update.userId);
  return { buffer: new ScoreBuffer(send, { onError, ...options }), given };
}

function update(userId: string): ScoreUpdate {
  return { contestId: "chess", userId, points: 1 };
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test("updates go out in order, in batches of the asked size", async () => {
  const batches: string[][] = [];
  const { buffer } = bufferOf(
    async (updates) => {
      batches.push(updates.map(({ userId }) => userId));
      return updates.map(() => TAKEN);
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

test("what may succeed later is sent again with its request id, before the others", async () => {
  const batches: ScoreUpdate[][] = [];
  const { buffer, given } = bufferOf(
    async (updates) => {
      batches.push([...updates]);
      return updates.map(({ userId }) => (batches.length === 1 && userId === "a" ? AWAY : TAKEN));
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
  assert.deepEqual([buffer.acknowledged, buffer.refused, given], [3, 0, []]);
});

test("a batch that fails as a whole is sent again", async () => {
  let failures = 2;
  const { buffer } = bufferOf(async (updates) => {
    if (failures-- > 0) {
      throw new UnavailableError("UNAVAILABLE", "away");
    }
    return updates.map(() => TAKEN);
  });

  await buffer.add(update("a"));
  await buffer.flush();

  assert.equal(buffer.acknowledged, 1);
});

test("what is refused for good is told, and so is what waited for too long", async () => {
  const { buffer, given } = bufferOf(
    async (updates) => updates.map(({ userId }) => (userId === "bad" ? REFUSED : AWAY)),
    { giveUpAfterMs: 1 },
  );

  await buffer.add(update("bad"));
  await buffer.add(update("late"));
  await buffer.close();

  assert.deepEqual(given.sort(), ["bad", "late"]);
  assert.deepEqual([buffer.acknowledged, buffer.refused], [0, 2]);
});

test("add waits while too many updates are pending", async () => {
  const { opened, open } = gate();
  const { buffer } = bufferOf(
    async (updates) => {
      await opened;
      return updates.map(() => TAKEN);
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

test("a flush waits for what was added before, and for no more", async () => {
  const { opened, open } = gate();
  const { buffer } = bufferOf(
    async (updates) => {
      if (updates.some(({ userId }) => userId === "later")) {
        await opened;
      }
      return updates.map(() => TAKEN);
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

test("a closed buffer takes no more, and what no message can hold is refused", async () => {
  const { buffer } = bufferOf(async (updates) => updates.map(() => TAKEN));

  await assert.rejects(buffer.add({ ...update("a"), points: 0.5 }), InvalidRequestError);
  await buffer.close();

  await assert.rejects(buffer.add(update("a")), /closed/);
  assert.throws(() => bufferOf(async () => [], { batchSize: 1_001 }), RangeError);
});
