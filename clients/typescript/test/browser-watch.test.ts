// Tests of watches over WebSockets.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { WebSocket } from "ws";

import { LeaderboardError, MissedChangesError, StreamLostError } from "../src/browser/index.js";
import { EndReason, SnapshotReason } from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { message, startGateway } from "./gateway-fixtures.js";
import {
  DELETED,
  DRAINING,
  type Event,
  OVER,
  all,
  change,
  removals,
  snapshot,
  summarize,
} from "./watch-fixtures.js";

test("a watch resumes when a WebSocket breaks, and ends with the contest", async (context) => {
  const { client, watches, reads } = await startGateway(context, {
    sockets: [
      (socket) => {
        socket.send(message(3, 0, snapshot("ada")));
        setTimeout(() => socket.terminate(), 100);
      },
      (socket) => {
        socket.send(message(4, 3, change("bo", 2)));
        socket.send(message(4, 4, OVER));
        socket.close(1000);
      },
    ],
  });

  const seen = await all(client.watch("chess:1", { limit: 3 }));

  assert.deepEqual(summarize(seen), [
    "CONNECTING",
    "LIVE ada",
    "RECONNECTING ada",
    "LIVE ada bo",
    "OVER ada bo",
  ]);
  assert.deepEqual(
    watches.map(({ url }) => url),
    [
      "/v1/contests/chess%3A1/watch?limit=3",
      "/v1/contests/chess%3A1/watch?limit=3&resume_after=e%3A3",
    ],
  );
  assert.deepEqual(reads, []);
  assert.ok(seen[2]?.trouble instanceof StreamLostError);
  assert.deepEqual(
    seen[3]?.changes.map(({ user }) => user.userId),
    ["bo"],
  );
});

test("the messages of the gateway, as it writes them, are read", async (context) => {
  const first =
    '{"position":{"epoch":"5d2f","revision":"41"},"previousRevision":"0","snapshot":{"users":[' +
    '{"userId":"ada","score":"9007199254740992","rank":1,"displayName":"Ada","place":1,' +
    '"attributes":{"country":"gb"}}],"totalUsers":9,"reason":"SNAPSHOT_REASON_INITIAL",' +
    '"rules":{"order":"ORDER_HIGHEST_FIRST","tieBreak":"TIE_BREAK_FIRST_REACHED",' +
    '"rankStyle":"RANK_STYLE_ORDINAL","defaultMode":"UPDATE_MODE_INCREMENT","minScore":"-5"},' +
    '"season":2}}';
  const second =
    '{"position":{"epoch":"5d2f","revision":"42"},"previousRevision":"41","changes":{"changes":[' +
    '{"user":{"userId":"bo","score":"-7","rank":2,"displayName":"","place":2,"attributes":{}},' +
    '"previousRank":0,"points":"-7","eventType":"goal","eventTime":"2026-11-29T16:00:00.250Z",' +
    '"previousPlace":0,"removed":false}],"totalUsers":10}}';
  const { client } = await startGateway(context, {
    sockets: [
      (socket) => {
        socket.send(first);
        socket.send(second);
        socket.send(message(42, 42, OVER, "5d2f"));
      },
    ],
  });

  const [, initial, changed] = await all(client.watch("chess"));

  assert.deepEqual(
    [initial?.season, initial?.totalUsers, initial?.snapshotReason, initial?.position],
    [2, 9, "INITIAL", { epoch: "5d2f", revision: 41n }],
  );
  const ada = { userId: "ada", score: 2n ** 53n, rank: 1, place: 1 };
  const bo = { userId: "bo", score: -7n, rank: 2, place: 2, displayName: "", attributes: {} };
  assert.deepEqual(changed?.rows, [
    { ...ada, displayName: "Ada", attributes: { country: "gb" } },
    bo,
  ]);
  assert.deepEqual(changed.changes, [
    {
      user: bo,
      removed: false,
      previousRank: 0,
      previousPlace: 0,
      points: -7n,
      eventType: "goal",
      eventTime: new Date("2026-11-29T16:00:00.250Z"),
    },
  ]);
  assert.equal(changed.message?.event.case, "changes");
});

test("merged messages are one update each, and what they repeat is no change", async (context) => {
  const merged: Event = {
    case: "changes",
    value: {
      changes: [
        { user: { userId: "ada" }, removed: true, previousRank: 1, previousPlace: 1 },
        { user: { userId: "bo", score: 1n, rank: 1, place: 1 } },
        { user: { userId: "cy", score: 1n, rank: 2, place: 2 }, previousRank: 7 },
      ],
      totalUsers: 8,
    },
  };
  const { client } = await startGateway(context, {
    sockets: [
      (socket) => {
        socket.send(message(3, 0, snapshot("ada", "bo")));
        socket.send(message(9, 3, merged));
        socket.send(message(10, 9, removals(["cy", 2], ["dee", 0])));
        socket.send(message(10, 10, OVER));
      },
    ],
  });

  const [, , update, removed] = await all(client.watch("chess"));

  assert.deepEqual(
    update?.rows.map(({ userId, place }) => [userId, place]),
    [
      ["bo", 1],
      ["cy", 2],
    ],
  );
  assert.equal(update.totalUsers, 8);
  assert.deepEqual(
    update.changes.map(({ user }) => user.userId),
    ["ada", "cy"],
  );
  assert.deepEqual(
    removed?.changes.map(({ user }) => user.userId),
    ["cy"],
  );
});

test("snapshots say why they were sent, also for a reason that this version does not know", async (context) => {
  const reasons = Object.values(SnapshotReason).filter((each) => typeof each === "number");
  const { client } = await startGateway(context, {
    sockets: [
      (socket) => {
        for (const reason of reasons) {
          socket.send(message(3, 3, { case: "snapshot", value: { reason } }, `e${reason}`));
        }
        const unknown = message(3, 3, snapshot("ada"), "last");
        socket.send(unknown.replace("SNAPSHOT_REASON_INITIAL", "SNAPSHOT_REASON_OF_LATER"));
        socket.send(message(3, 3, OVER, "last"));
      },
    ],
  });

  const seen = await all(client.watch("chess"));

  assert.deepEqual(
    seen.map(({ snapshotReason }) => snapshotReason),
    [
      undefined,
      ...reasons.map((reason) => SnapshotReason[reason]),
      "UNSPECIFIED",
      undefined,
    ],
  );
  assert.deepEqual(summarize(seen).at(-1), "OVER ada");
});

test("a service that the gateway has lost leaves the board as it is, until it is back", async (context) => {
  const { client, watches } = await startGateway(context, {
    sockets: [
      (socket) => {
        socket.send('{"serviceLost": {}}');
        socket.send(message(3, 0, snapshot("ada")));
        socket.send('{"serviceLost": {}}');
        socket.send(message(3, 3, { case: "progress", value: {} }));
        socket.send('{"serviceLost": {}}');
        socket.send(message(4, 3, change("bo", 2)));
        socket.send(message(4, 4, OVER));
      },
    ],
  });

  const seen = await all(client.watch("chess"));

  assert.deepEqual(summarize(seen), [
    "CONNECTING",
    "CONNECTING",
    "LIVE ada",
    "RECONNECTING ada",
    "LIVE ada",
    "RECONNECTING ada",
    "LIVE ada bo",
    "OVER ada bo",
  ]);
  assert.match(String(seen[3]?.trouble), /lost the service/);
  assert.equal(seen[4]?.trouble, undefined);
  assert.equal(watches.length, 1);
});

test("messages of later versions are ignored", async (context) => {
  const { client, watches } = await startGateway(context, {
    sockets: [
      (socket) => {
        socket.send('{"notice": {"text": "hello"}}');
        socket.send(message(3, 0, snapshot("ada")).replace("{", '{"sentAt": 12, '));
        socket.send('{"position": {"epoch": "e", "revision": "4"}, "cheer": {}}');
        socket.send("{}");
        socket.send(message(3, 3, OVER));
      },
    ],
  });

  assert.deepEqual(summarize(await all(client.watch("chess"))), [
    "CONNECTING",
    "LIVE ada",
    "OVER ada",
  ]);
  assert.equal(watches.length, 1);
});

test("a message that can't be read, or that skips changes, begins another WebSocket", async (context) => {
  const { client, watches } = await startGateway(context, {
    sockets: [
      ...["not JSON", "[]", "7", '{"snapshot": {"users": "ada"}}'].map(
        (text) => (socket: WebSocket) => socket.send(text),
      ),
      (socket) => {
        socket.send(message(3, 0, snapshot("ada")));
        socket.send(message(9, 8, change("bo", 1)));
      },
      (socket) => {
        socket.send(message(9, 0, snapshot("bo")));
        socket.send(message(9, 9, OVER));
      },
    ],
  });

  const seen = await all(client.watch("chess"));

  const troubles = seen.flatMap(({ trouble }) => trouble ?? []);
  assert.ok(troubles.slice(0, 4).every((each) => each instanceof LeaderboardError));
  assert.ok(troubles[4] instanceof MissedChangesError);
  assert.equal(troubles.length, 5);
  assert.equal(watches.at(-1)?.url, "/v1/contests/chess/watch");
  assert.deepEqual(summarize(seen).slice(-4), [
    "LIVE ada",
    "RECONNECTING ada",
    "LIVE bo",
    "OVER bo",
  ]);
});

test("a watch goes on after a gateway that drains, and after an end that it does not know", async (context) => {
  const { client, watches } = await startGateway(context, {
    sockets: [
      (socket) => {
        socket.send(message(3, 0, snapshot("ada")));
        socket.send(message(3, 3, DRAINING));
        socket.close(1001);
      },
      (socket) => {
        const value = { reason: EndReason.DRAINING };
        const end = message(3, 3, { case: "end", value });
        socket.send(end.replace("END_REASON_DRAINING", "END_REASON_OF_LATER"));
      },
      (socket) => socket.close(1001),
      (socket) => socket.send(message(3, 3, OVER)),
    ],
  });

  const seen = await all(client.watch("chess"));

  assert.deepEqual(
    seen.map(({ state }) => state),
    ["CONNECTING", "LIVE", "RECONNECTING", "RECONNECTING", "RECONNECTING", "OVER"],
  );
  assert.ok(watches.slice(1).every(({ url }) => url.endsWith("resume_after=e%3A3")));
});

test("the deletion of a contest ends its watch", async (context) => {
  const { client, watches } = await startGateway(context, {
    sockets: [
      (socket) => {
        socket.send(message(3, 0, snapshot("ada")));
        socket.send(message(0, 0, DELETED, ""));
      },
    ],
  });

  assert.deepEqual(summarize(await all(client.watch("chess"))).at(-1), "DELETED ada");
  assert.equal(watches.length, 1);
});

test("a contest that does not exist is resumed after the position before its first update", async (context) => {
  const { client, watches } = await startGateway(context, {
    sockets: [
      (socket) => {
        socket.send(message(0, 0, snapshot(), ""));
        setTimeout(() => socket.terminate(), 50);
      },
      (socket) => {
        socket.send(message(1, 0, change("ada", 1)));
        socket.send(message(1, 1, OVER));
      },
    ],
  });

  assert.deepEqual(summarize(await all(client.watch("chess"))).slice(-2), ["LIVE ada", "OVER ada"]);
  assert.equal(watches[1]?.url, "/v1/contests/chess/watch?resume_after=%3A0");
});
