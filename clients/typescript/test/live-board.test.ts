// Tests of the board of a watch.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type MessageInitShape, create } from "@bufbuild/protobuf";

import {
  Order,
  type RankedUserSchema,
  type WatchContestResponse,
  WatchContestResponseSchema,
  WatchScope,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { LiveBoard, MissedChangesError } from "../src/live-board.js";

type Event = NonNullable<MessageInitShape<typeof WatchContestResponseSchema>["event"]>;
type Row = readonly [userId: string, score: number, place: number];

function message(revision: number, previous: number, event: Event): WatchContestResponse {
  return create(WatchContestResponseSchema, {
    position: { epoch: "e", revision: BigInt(revision) },
    previousRevision: BigInt(previous),
    event,
  });
}

function snapshot(revision: number, totalUsers: number, ...rows: Row[]): WatchContestResponse {
  return message(revision, 0, { case: "snapshot", value: { users: rows.map(user), totalUsers } });
}

function changes(revision: number, previous: number, ...rows: Row[]): WatchContestResponse {
  const changed = rows.map((row) => ({ user: user(row) }));
  return message(revision, previous, { case: "changes", value: { changes: changed, totalUsers: 9 } });
}

function removal(revision: number, userId: string, ...rows: Row[]): WatchContestResponse {
  const removed = { user: { userId }, removed: true };
  const value = { changes: [removed, ...rows.map((row) => ({ user: user(row) }))], totalUsers: 5 };
  return message(revision, revision - 1, { case: "changes", value });
}

function user([userId, score, place]: Row): MessageInitShape<typeof RankedUserSchema> {
  return { userId, score: BigInt(score), rank: place, place };
}

function held(board: LiveBoard): Row[] {
  return board.rows.map(({ userId, score, place }) => [userId, Number(score), place]);
}

test("a change moves the user's row to its new place", () => {
  const board = new LiveBoard(WatchScope.TOP, 3);
  board.apply(snapshot(3, 3, ["a", 9, 1], ["b", 5, 2], ["c", 1, 3]));

  board.apply(changes(4, 3, ["c", 7, 2]));

  assert.deepEqual(held(board), [
    ["a", 9, 1],
    ["c", 7, 2],
    ["b", 5, 3],
  ]);
  assert.deepEqual(board.position, { epoch: "e", revision: 4n });
});

test("rows beyond the limit are dropped, and a row that leaves makes room", () => {
  const board = new LiveBoard(WatchScope.TOP, 2);
  board.apply(snapshot(3, 3, ["a", 9, 1], ["b", 5, 2]));

  board.apply(changes(4, 3, ["c", 7, 2]));
  assert.deepEqual(held(board), [
    ["a", 9, 1],
    ["c", 7, 2],
  ]);

  board.apply(changes(5, 4, ["a", 0, 3], ["c", 7, 1], ["b", 5, 2]));
  assert.deepEqual(held(board), [
    ["c", 7, 1],
    ["b", 5, 2],
  ]);
});

test("a removed row leaves the board, and the next row moves up", () => {
  const board = new LiveBoard(WatchScope.TOP, 2);
  board.apply(snapshot(3, 6, ["a", 9, 1], ["b", 5, 2]));

  board.apply(removal(4, "a", ["c", 4, 2]));

  assert.deepEqual(held(board), [
    ["b", 5, 1],
    ["c", 4, 2],
  ]);
  assert.equal(board.totalUsers, 5);
});

test("a removed row that the board does not hold changes no row", () => {
  for (const scope of [WatchScope.TOP, WatchScope.ALL, WatchScope.USERS]) {
    const board = new LiveBoard(scope, 2);
    board.apply(snapshot(3, 6, ["a", 9, 1], ["b", 5, 2]));

    board.apply(removal(4, "z"));

    assert.deepEqual(held(board), [
      ["a", 9, 1],
      ["b", 5, 2],
    ]);
    assert.equal(board.position?.revision, 4n);
  }
});

test("a board from which all rows were removed is empty, and is filled again", () => {
  const board = new LiveBoard(WatchScope.TOP, 2);
  board.apply(snapshot(3, 1, ["a", 9, 1]));

  board.apply(removal(4, "a"));
  assert.deepEqual(held(board), []);
  board.apply(changes(5, 4, ["a", 2, 1]));

  assert.deepEqual(held(board), [["a", 2, 1]]);
});

test("skipped changes, a step back and another epoch are detected, and change nothing", () => {
  const board = new LiveBoard(WatchScope.TOP, 3);
  board.apply(snapshot(3, 1, ["a", 9, 1]));
  const other = changes(4, 3, ["a", 1, 1]);
  other.position = { ...other.position!, epoch: "f" };

  for (const wrong of [changes(6, 4, ["a", 1, 1]), changes(2, 3, ["a", 1, 1]), other]) {
    assert.throws(() => board.apply(wrong), MissedChangesError);
  }
  assert.throws(() => board.apply(changes(4, 3, ["b", 1, 3])), MissedChangesError, "a gap");

  assert.deepEqual(held(board), [["a", 9, 1]]);
  assert.equal(board.position?.revision, 3n);
});

test("a stream must begin with a snapshot", () => {
  const board = new LiveBoard(WatchScope.TOP, 3);

  assert.throws(() => board.apply(changes(1, 0, ["a", 1, 1])), MissedChangesError);
});

test("a snapshot replaces everything", () => {
  const board = new LiveBoard(WatchScope.TOP, 3);
  board.apply(snapshot(9, 1, ["a", 9, 1]));

  board.apply(snapshot(2, 1, ["b", 1, 1]));

  assert.deepEqual(held(board), [["b", 1, 1]]);
});

test("with the scope USERS rows keep the place of their last change", () => {
  const board = new LiveBoard(WatchScope.USERS, 10);
  board.apply(snapshot(3, 9, ["a", 9, 1], ["b", 5, 4]));

  board.apply(changes(8, 3, ["b", 10, 1]));

  assert.deepEqual(held(board), [
    ["b", 10, 1],
    ["a", 9, 1],
  ]);
});

test("with the scope USERS the better score is first, whatever the places were", () => {
  for (const [order, sign] of [[Order.HIGHEST_FIRST, 1] as const, [Order.LOWEST_FIRST, -1] as const]) {
    const board = new LiveBoard(WatchScope.USERS, 10);
    const users = [user(["b", 40 * sign, 10]), user(["a", 30 * sign, 11])];
    const value = { users, totalUsers: 11, rules: { order } };
    board.apply(message(1, 0, { case: "snapshot", value }));

    // Since then 20 users, which are not watched, have passed both.
    board.apply(changes(22, 1, ["a", 50 * sign, 30]));

    assert.deepEqual(held(board), [
      ["a", 50 * sign, 30],
      ["b", 40 * sign, 10],
    ]);
  }
});

test("with the scope USERS the last change is first of equal scores at one place", () => {
  const board = new LiveBoard(WatchScope.USERS, 10);
  board.apply(snapshot(3, 9, ["a", 9, 1], ["b", 5, 4]));

  board.apply(changes(4, 3, ["b", 9, 1]));

  assert.deepEqual(held(board), [
    ["b", 9, 1],
    ["a", 9, 1],
  ]);
});

test("the number of users is that of the changes, and then known only if it is certain", () => {
  const totals = [WatchScope.ALL, WatchScope.TOP, WatchScope.USERS].map((scope) => {
    const board = new LiveBoard(scope, 2);
    const known: (number | undefined)[] = [];
    for (const next of [
      snapshot(1, 1, ["a", 9, 1]),
      message(2, 1, { case: "progress", value: {} }),
      changes(3, 2, ["b", 5, 2]),
      message(3, 3, { case: "progress", value: {} }),
      message(4, 3, { case: "progress", value: {} }),
    ]) {
      board.apply(next);
      known.push(board.totalUsers);
    }
    return known;
  });

  assert.deepEqual(totals, [
    [1, 1, 9, 9, 9],
    [1, 1, 9, 9, undefined],
    [1, undefined, 9, 9, undefined],
  ]);
});

test("a contest that begins while it is watched is in its first season", () => {
  const absent = create(WatchContestResponseSchema, { event: { case: "snapshot", value: {} } });
  for (const [season, revision] of [
    [0, 0],
    [4, 3],
  ] as const) {
    const board = new LiveBoard(WatchScope.TOP, 3);
    assert.equal(board.season, undefined);
    const value = { season };
    board.apply(season ? message(revision, 0, { case: "snapshot", value }) : absent);
    assert.equal(board.season, season);

    board.apply(changes(revision + 1, revision, ["a", 9, 1]));

    assert.equal(board.season, season || 1);
  }
});

test("a progress message advances the position and changes no row", () => {
  const board = new LiveBoard(WatchScope.TOP, 3);
  board.apply(snapshot(3, 1, ["a", 9, 1]));

  board.apply(message(7, 3, { case: "progress", value: {} }));

  assert.deepEqual(held(board), [["a", 9, 1]]);
  assert.equal(board.position?.revision, 7n);
});
