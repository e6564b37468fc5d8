// Tests of watches that reconnect and resume.

import assert from "node:assert/strict";
import { test } from "node:test";

import { status } from "@grpc/grpc-js";

import { RankStyle, SnapshotReason } from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { MissedChangesError } from "../src/live-board.js";
import { StreamLostError } from "../src/watch-update.js";
import { type Watch } from "./fake-service.js";
import {
  DRAINING,
  OVER,
  all,
  change,
  removals,
  send,
  snapshot,
  startWatch,
  summarize,
} from "./watch-fixtures.js";

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

test("a change of the settings replaces the board, and its ranks follow the new rules", async (context) => {
  const value = {
    users: [
      { userId: "bo", score: 1n, rank: 1, place: 1 },
      { userId: "ada", score: 1n, rank: 1, place: 2 },
    ],
    totalUsers: 2,
    reason: SnapshotReason.CONTEST_UPDATED,
    rules: { rankStyle: RankStyle.DENSE },
  };
  const { updates } = await startWatch(context, [
    (call) => {
      send(call, 3, 0, snapshot("ada", "bo"));
      send(call, 4, 3, { case: "snapshot", value });
      send(call, 5, 4, change("cy", 2));
      send(call, 5, 5, OVER);
    },
  ]);

  const seen = await all(updates);

  const reasons = seen.map((update) => update.snapshotReason);
  assert.deepEqual(reasons, [undefined, "INITIAL", "CONTEST_UPDATED", undefined, undefined]);
  const ranks = seen.map(({ rows }) => rows.map(({ userId, rank }) => `${userId} ${rank}`));
  assert.deepEqual(ranks.slice(1, 4), [
    ["ada 1", "bo 2"],
    ["bo 1", "ada 1"],
    ["bo 1", "cy 1", "ada 1"],
  ]);
});

test("rows that are removed leave the board, and are changes of the update", async (context) => {
  const { updates } = await startWatch(context, [
    (call) => {
      send(call, 3, 0, snapshot("ada", "bo", "cy"));
      send(call, 4, 3, removals(["bo", 2]));
      send(call, 4, 4, OVER);
    },
  ]);

  const seen = await all(updates);

  assert.deepEqual(summarize(seen).slice(1, 3), ["LIVE ada bo cy", "LIVE ada cy"]);
  assert.equal(seen[2]?.totalUsers, 5);
  assert.deepEqual(seen[2]?.changes, [
    {
      user: { userId: "bo", score: 0n, rank: 0, place: 0, displayName: "", attributes: {} },
      removed: true,
      previousRank: 2,
      previousPlace: 2,
      points: 0n,
      eventType: "",
      eventTime: undefined,
    },
  ]);
});

test("of removals after a resume only those of rows that were held are changes", async (context) => {
  const { updates } = await startWatch(context, [
    (call) => {
      send(call, 3, 0, snapshot("ada", "bo"));
      send(call, 3, 3, DRAINING);
    },
    (call) => {
      send(call, 6, 3, removals(["zoe", 0], ["bo", 0]));
      send(call, 6, 6, OVER);
    },
  ]);

  const seen = await all(updates);

  assert.deepEqual(summarize(seen).at(-1), "OVER ada");
  const changed = seen.flatMap(({ changes }) => changes.map(({ user }) => user.userId));
  assert.deepEqual(changed, ["bo"]);
});

test("a user that is removed and returns in one message is changed twice", async (context) => {
  const user = { userId: "bo", rank: 2, place: 2, score: 1n };
  const left = { user: { userId: "bo" }, removed: true, previousRank: 2, previousPlace: 2 };
  const changes = [left, { user }];
  const { updates } = await startWatch(
    context,
    [
      (call) => {
        send(call, 3, 0, snapshot("ada", "bo"));
        send(call, 5, 3, { case: "changes", value: { changes, totalUsers: 2 } });
        send(call, 5, 5, OVER);
      },
    ],
    { options: { scope: "ALL" } },
  );

  const seen = await all(updates);

  assert.deepEqual(summarize(seen).at(-1), "OVER ada bo");
  assert.deepEqual(
    seen[2]?.changes.map(({ user, removed }) => [user.userId, removed]),
    [
      ["bo", true],
      ["bo", false],
    ],
  );
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
