// Tests of a score buffer: sending, retries and refused updates.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { OpenCalls } from "../src/call-bounds.js";
import {
  CancelledError,
  InvalidRequestError,
  OverloadedError,
  UnavailableError,
} from "../src/errors.js";
import type { UpdateScoreRequest } from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import type { BatchResult, ScoreUpdate } from "../src/model.js";
import { ScoreBuffer, type Send } from "../src/score-buffer.js";
import type { ScoreBufferOptions } from "../src/score-buffer-options.js";

const ACCEPTED: BatchResult = {
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
const UNAVAILABLE_RESULT: BatchResult = {
  ok: false,
  error: new UnavailableError("UNAVAILABLE", "unavailable"),
};
const REFUSED: BatchResult = {
  ok: false,
  error: new InvalidRequestError("INVALID_ARGUMENT", "no"),
};

function bufferOf(
  send: Send,
  options: Partial<ScoreBufferOptions> = {},
): { buffer: ScoreBuffer; refused: string[]; open: OpenCalls } {
  const refused: string[] = [];
  const onError = (update: ScoreUpdate): number => refused.push(update.userId);
  const open = new OpenCalls();
  return { buffer: new ScoreBuffer(send, open, { onError, ...options }), refused, open };
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

  await assert.rejects(buffer.add(update("a")), /closed/);
});
