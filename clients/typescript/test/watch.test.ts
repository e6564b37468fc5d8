// Tests of watches over streams that end, break or time out.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";

import { OpenCalls } from "../src/call-bounds.js";
import { CancelledError, InvalidRequestError } from "../src/errors.js";
import {
  EndReason,
  SnapshotReason,
  WatchContestResponseSchema,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { MissedChangesError } from "../src/live-board.js";
import { Server, type Token } from "../src/server.js";
import { StreamLostError, type WatchUpdate } from "../src/watch-update.js";
import { type WatchOptions, watch } from "../src/watch.js";
import { type Watch, relayTo, serve } from "./fake-service.js";

type Event = NonNullable<MessageInitShape<typeof WatchContestResponseSchema>["event"]>;

const OVER: Event = { case: "end", value: { reason: EndReason.CONTEST_OVER } };
const DRAINING: Event = { case: "end", value: { reason: EndReason.DRAINING } };

function snapshot(...users: string[]): Event {
  const reason = SnapshotReason.INITIAL;
  const value = { users: users.map(ranked), totalUsers: users.length, reason };
  return { case: "snapshot", value };
}

function change(userId: string, rank: number): Event {
  return { case: "changes", value: { changes: [{ user: { ...ranked(userId, 0), rank } }] } };
}

function ranked(userId: string, index: number): { userId: string; rank: number; score: bigint } {
  return { userId, rank: index + 1, score: 1n };
}

function send(call: Watch, revision: number, previous: number, event: Event): void {
  const position = { epoch: "e", revision: BigInt(revision) };
  const previousRevision = BigInt(previous);
  call.write(create(WatchContestResponseSchema, { position, previousRevision, event }));
}

interface Watched {
  updates: AsyncGenerator<WatchUpdate, void, undefined>;
  /** The revision after which each stream was requested to resume. */
  resumed: (bigint | undefined)[];
  open: OpenCalls;
  /** Makes the present connections dead. */
  mute: () => void;
}

/** Starts a service with one function for each stream, and watches a contest of it. */
async function startWatch(
  context: TestContext,
  streams: ((call: Watch) => void)[],
  {
    options = {},
    idleTimeoutMs,
    token,
  }: { options?: WatchOptions; idleTimeoutMs?: number; token?: Token } = {},
): Promise<Watched> {
  const resumed: (bigint | undefined)[] = [];
  const service = await serve({
    watch: (call) => {
      call.on("error", () => undefined);
      streams[resumed.push(call.request.resumeAfter?.revision) - 1]?.(call);
    },
  });
  const relay = await relayTo(service.address);
  const open = new OpenCalls();
  context.after(() => {
    open.close();
    relay.stop();
    service.stop();
  });
  const updates = watch(
    new Server(relay.address, { token }),
    open,
    "chess",
    options,
    idleTimeoutMs,
  );
  return { updates, resumed, open, mute: relay.mute };
}

async function all(updates: AsyncIterable<WatchUpdate>): Promise<WatchUpdate[]> {
  const seen: WatchUpdate[] = [];
  for await (const update of updates) {
    seen.push(update);
  }
  return seen;
}

function summarize(updates: readonly WatchUpdate[]): string[] {
  return updates.map(({ state, rows }) => [state, ...rows.map((row) => row.userId)].join(" "));
}

test("a watch resumes when a stream breaks, and ends with the contest", async (context) => {
  const { updates, resumed } = await startWatch(context, [
    (call) => {
      send(call, 3, 0, snapshot("ada"));
      setTimeout(() => call.emit("error", { code: status.INTERNAL, details: "broken" }), 100);
    },
    (call) => {
      send(call, 4, 3, change("bo", 2));
      send(call, 4, 4, OVER);
      call.end();
    },
  ]);

  const seen = await all(updates);

  assert.deepEqual(summarize(seen), [
    "CONNECTING",
    "LIVE ada",
    "RECONNECTING ada",
    "LIVE ada bo",
    "OVER ada bo",
  ]);
  assert.deepEqual(resumed, [undefined, 3n]);
  const reasons = seen.map((update) => update.snapshotReason);
  assert.deepEqual(reasons, [undefined, "INITIAL", undefined, undefined, undefined]);
  assert.deepEqual(
    seen[3]?.changes.map(({ user }) => user.userId),
    ["bo"],
  );
  assert.equal(seen[2]?.message, undefined);
});

test("a stream that skips changes is dropped, and the next one begins with a snapshot", async (context) => {
  const { updates, resumed } = await startWatch(context, [
    (call) => {
      send(call, 3, 0, snapshot("ada"));
      send(call, 9, 8, change("bo", 1));
    },
    (call) => {
      send(call, 9, 0, snapshot("bo", "ada"));
      send(call, 9, 9, OVER);
    },
  ]);

  const seen = await all(updates);

  assert.deepEqual(summarize(seen), [
    "CONNECTING",
    "LIVE ada",
    "RECONNECTING ada",
    "LIVE bo ada",
    "OVER bo ada",
  ]);
  assert.ok(seen[2]?.trouble instanceof MissedChangesError);
  assert.deepEqual(resumed, [undefined, undefined]);
});

test("a watch reconnects when its server drains", async (context) => {
  const { updates, resumed } = await startWatch(context, [
    (call) => {
      send(call, 3, 0, snapshot("ada"));
      send(call, 3, 3, DRAINING);
    },
    (call) => send(call, 3, 3, OVER),
  ]);

  assert.deepEqual(summarize(await all(updates)), [
    "CONNECTING",
    "LIVE ada",
    "RECONNECTING ada",
    "OVER ada",
  ]);
  assert.deepEqual(resumed, [undefined, 3n]);
});

test("a watch reconnects when its connection is dead", async (context) => {
  const streams = [
    (call: Watch) => send(call, 3, 0, snapshot("ada")),
    (call: Watch) => send(call, 3, 3, OVER),
  ];
  const { updates, mute } = await startWatch(context, streams, { idleTimeoutMs: 500 });
  await updates.next();
  await updates.next();

  mute();
  const seen = await all(updates);

  assert.deepEqual(summarize(seen), ["RECONNECTING ada", "OVER ada"]);
  assert.ok(seen[0]?.trouble instanceof StreamLostError);
});

test("a watch survives a token function that hangs or fails", async (context) => {
  let calls = 0;
  const token = (): string | Promise<string> => {
    switch (++calls) {
      case 1:
        return new Promise(() => undefined);
      case 2:
        throw new Error("the vault is down");
      default:
        return "secret";
    }
  };
  const streams = [
    (call: Watch): void => {
      send(call, 3, 0, snapshot("ada"));
      send(call, 3, 3, OVER);
    },
  ];
  const { updates } = await startWatch(context, streams, { idleTimeoutMs: 500, token });

  const seen = await all(updates);

  const expected = ["CONNECTING", "CONNECTING", "CONNECTING", "LIVE ada", "OVER ada"];
  assert.deepEqual(summarize(seen), expected);
  assert.match(seen[1]?.trouble?.message ?? "", /no message/);
  assert.match(seen[2]?.trouble?.message ?? "", /the vault is down/);
});

test("options that can't be encoded are refused", async (context) => {
  const wrong: WatchOptions[] = [
    { limit: 1.5 },
    { limit: Number.NaN },
    { limit: 2 ** 40 },
    { minIntervalMs: Number.NaN },
    { scope: "USERS", userIds: "ada" },
    { scope: "USERS", userIds: ["\ud83d"] },
  ];

  for (const options of wrong) {
    const { updates, resumed } = await startWatch(context, [], { options });
    await assert.rejects(updates.next(), InvalidRequestError);
    assert.deepEqual(resumed, []);
  }
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
