// Tests of how watches end, and of their options.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Duration } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";

import { CancelledError, InvalidRequestError } from "../src/errors.js";
import type { EndReason } from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { type WatchOptions } from "../src/node/watch.js";
import { type Watch } from "./fake-service.js";
import {
  DELETED,
  OVER,
  all,
  change,
  send,
  snapshot,
  startWatch,
  summarize,
} from "./watch-fixtures.js";

test("options that can't be encoded are refused", async (context) => {
  const wrong: WatchOptions[] = [
    { limit: 1.5 },
    { limit: Number.NaN },
    { limit: 2 ** 40 },
    { minIntervalMs: Number.NaN },
    { minIntervalMs: 1e300 },
    { minIntervalMs: "5" as unknown as number },
    { scope: "USERS", userIds: "ada" },
    { scope: "USERS", userIds: ["\ud83d"] },
  ];

  for (const options of wrong) {
    const { updates, resumed } = await startWatch(context, [], { options });
    await assert.rejects(updates.next(), InvalidRequestError);
    assert.deepEqual(resumed, []);
  }
});

test("an interval with parts of milliseconds is sent to the nanosecond", async (context) => {
  const known: [minIntervalMs: number, seconds: bigint, nanos: number][] = [
    [0, 0n, 0],
    [1000 / 60, 0n, 16_666_667],
    [1_000.1, 1n, 100_000],
    [1_999.999_999_9, 2n, 0],
    [60_000, 60n, 0],
  ];

  for (const [minIntervalMs, ...expected] of known) {
    const sent: (Duration | undefined)[] = [];
    const over = (call: Watch): void => {
      sent.push(call.request.minInterval);
      send(call, 0, 0, snapshot());
      send(call, 0, 0, OVER);
    };
    const { updates } = await startWatch(context, [over], { options: { minIntervalMs } });
    await all(updates);
    assert.deepEqual([sent[0]?.seconds, sent[0]?.nanos], expected, `${minIntervalMs} ms`);
  }
});

test("a watch ends for good with a contest that is over or was deleted", async (context) => {
  const ends = [
    [OVER, "OVER ada"],
    [DELETED, "DELETED ada"],
  ] as const;

  for (const [end, last] of ends) {
    const stream = (call: Watch): void => {
      send(call, 3, 0, snapshot("ada"));
      send(call, 3, 3, end);
    };
    const { updates, resumed } = await startWatch(context, [stream, stream]);
    const seen = await all(updates);

    assert.deepEqual(summarize(seen), ["CONNECTING", "LIVE ada", last]);
    assert.equal(seen.at(-1)?.trouble, undefined);
    assert.deepEqual(seen.at(-1)?.position, { epoch: "e", revision: 3n });
    assert.deepEqual(resumed, [undefined], "there is one stream");
  }
});

test("a watch ends with a contest that is deleted before its first board", async (context) => {
  const { updates, resumed } = await startWatch(context, [(call) => send(call, 0, 0, DELETED)]);

  const seen = await all(updates);

  assert.deepEqual(summarize(seen), ["CONNECTING", "DELETED"]);
  assert.equal(seen[1]?.position, undefined);
  assert.equal(seen[1]?.trouble, undefined);
  assert.deepEqual(resumed, [undefined]);
});

test("the last board stays if a deletion comes after missed changes", async (context) => {
  const { updates } = await startWatch(context, [
    (call) => {
      send(call, 3, 0, snapshot("ada"));
      send(call, 9, 8, change("bo", 1));
    },
    (call) => send(call, 0, 0, DELETED),
  ]);

  const seen = await all(updates);

  assert.deepEqual(summarize(seen).slice(-2), ["RECONNECTING ada", "DELETED ada"]);
  assert.equal(seen.at(-1)?.trouble, undefined);
});

test("a watch goes on after an end that this version does not know", async (context) => {
  const { updates } = await startWatch(context, [
    (call) => {
      send(call, 3, 0, snapshot("ada"));
      send(call, 3, 3, { case: "end", value: { reason: 99 as EndReason } });
    },
    (call) => send(call, 3, 3, OVER),
  ]);

  assert.deepEqual(summarize(await all(updates)), [
    "CONNECTING",
    "LIVE ada",
    "RECONNECTING ada",
    "OVER ada",
  ]);
});

test("a final error ends the watch", async (context) => {
  const refuse = (call: Watch): void => {
    call.emit("error", { code: status.INVALID_ARGUMENT, details: "contest_id is malformed" });
  };
  const { updates } = await startWatch(context, [refuse]);

  await assert.rejects(all(updates), InvalidRequestError);
});

test("an aborted signal ends the watch and its stream", async (context) => {
  const stop = new AbortController();
  const left = new Promise<void>((resolve) => {
    void startWatch(
      context,
      [
        (call) => {
          call.once("cancelled", resolve);
          send(call, 3, 0, snapshot("ada"));
          setTimeout(() => stop.abort(), 50);
        },
      ],
      { options: { signal: stop.signal } },
    ).then(({ updates }) => assert.rejects(all(updates), { name: "AbortError" }));
  });

  await left;
});

test("closing the client ends its watches", async (context) => {
  const { updates, open } = await startWatch(context, [
    (call) => send(call, 3, 0, snapshot("ada")),
  ]);
  await updates.next();
  await updates.next();

  const next = updates.next();
  open.close();

  await assert.rejects(next, CancelledError);
});

// Far below the idle timeout of 30 s, which would end the wait too.
test("a waiting watch ends at once when it is left", { timeout: 5_000 }, async (context) => {
  let left = (): void => undefined;
  const cancelled = new Promise<void>((resolve) => {
    left = resolve;
  });
  const quiet = (call: Watch): void => {
    call.once("cancelled", left);
    send(call, 3, 0, snapshot("ada"));
  };
  const { updates } = await startWatch(context, [quiet]);
  await updates.next();
  await updates.next();

  const next = updates.next();
  assert.deepEqual(await updates.return(), { done: true, value: undefined });

  assert.deepEqual(await next, { done: true, value: undefined });
  await cancelled;
});

test("a watch that is not read buffers a bounded number of messages", async (context) => {
  let written = 0;
  const flood = (call: Watch): void => {
    send(call, 1, 0, snapshot("ada"));
    const pour = (): void => {
      while (written < 200_000 && call.writableLength < 16) {
        written++;
        send(call, written + 1, written, change("u".repeat(120), 1));
      }
    };
    call.on("drain", pour);
    pour();
  };
  const { updates } = await startWatch(context, [flood]);
  await updates.next();
  await updates.next();

  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }

  assert.ok(written < 20_000, `${written} messages were accepted`);
  await updates.return();
});
