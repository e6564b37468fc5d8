// Tests of the places and ranks of a watched board, by the rules of its contest.

import assert from "node:assert/strict";
import { test } from "node:test";

import { rankedUser } from "../src/decoding.js";
import {
  Order,
  RankStyle,
  TieBreak,
  type WatchContestResponse,
  WatchScope,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { LiveBoard } from "../src/live-board.js";
import type { RankedUser } from "../src/model.js";
import { ALL_RULES, PlainContest, PlainWatch, type Rules } from "./plain-contest.js";

const USERS = ["a", "b", "c", "d", "e", "f", "g"];
const STEPS = 80;

/** Returns a function that returns random integers below a bound, the same ones in each run. */
function randomIntegers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** Changes and removes random users of a contest, and yields each message of a watch of it. */
function* randomMessages(
  watch: PlainWatch,
  random: (bound: number) => number,
): Generator<WatchContestResponse> {
  yield watch.snapshot();
  for (let step = 0; step < STEPS; step++) {
    const updates = Array.from({ length: 1 + random(3) }, () => {
      const score = random(4) > 0 ? random(5) - 2 : undefined;
      const userId = USERS[random(USERS.length)] as string;
      return score === undefined ? ([userId] as const) : ([userId, score] as const);
    });
    const changes = watch.set(...updates);
    yield random(10) > 0 ? changes : watch.snapshot();
  }
}

function nameOf({ order, tieBreak, rankStyle }: Rules): string {
  return `${Order[order]}, ${TieBreak[tieBreak]}, ${RankStyle[rankStyle]}`;
}

/** Follows a random contest, and compares the board with it after each message. */
function follow(rules: Rules, scope: WatchScope, limit: number, seed: number): void {
  const contest = new PlainContest(rules);
  const board = new LiveBoard(scope, limit);
  // Of each watched user the row that was sent last, the latest one last.
  const last = new Map<string, RankedUser>();
  const watch = new PlainWatch(contest, scope, limit, USERS.slice(0, 3));
  for (const message of randomMessages(watch, randomIntegers(seed))) {
    board.apply(message);
    const { rows } = contest;
    const seen = `${nameOf(rules)}, limit ${limit}, seed ${seed}, at ${contest.revision}`;
    const isCertain = scope === WatchScope.ALL || message.event.case !== "progress";
    assert.ok(board.totalUsers === rows.length || !isCertain, seen);
    if (scope === WatchScope.USERS) {
      keepLast(message, last);
      const latestFirst = [...last.values()].reverse();
      const sign = rules.order === Order.LOWEST_FIRST ? 1 : -1;
      const sorted = latestFirst.sort(
        (one, other) => sign * Number(one.score - other.score) || one.place - other.place,
      );
      assert.deepEqual(board.rows, sorted, seen);
      continue;
    }
    // With the scope ALL the board of a contest that was beyond the limit may have fewer rows.
    const isWhole = scope === WatchScope.TOP || limit >= USERS.length;
    const certain = isWhole ? limit : board.rows.length;
    assert.deepEqual(board.rows, rows.slice(0, certain), seen);
  }
}

/** Keeps the row of each user that was sent last, the latest one last, unless it was removed. */
function keepLast({ event }: WatchContestResponse, last: Map<string, RankedUser>): void {
  if (event.case === "snapshot") {
    last.clear();
    event.value.users.map(rankedUser).forEach((user) => last.set(user.userId, user));
  }
  const changes = event.case === "changes" ? event.value.changes : [];
  for (const { user, removed } of changes) {
    const row = rankedUser(user);
    last.delete(row.userId);
    if (!removed) {
      last.set(row.userId, row);
    }
  }
}

for (const scope of [WatchScope.TOP, WatchScope.ALL, WatchScope.USERS]) {
  test(`the board of the scope ${WatchScope[scope]} is that of a plain contest`, () => {
    for (const rules of ALL_RULES) {
      for (const [seed, limit] of [1, 2, 3, 4, 6, 7, 10].entries()) {
        follow(rules, scope, limit, seed);
      }
    }
  });
}

test("known scores have the ranks of each style, in both orders", () => {
  const cases: [scores: number[], style: RankStyle, ranks: number[]][] = [
    [[101, 100, 100, 99], RankStyle.UNSPECIFIED, [1, 2, 3, 4]],
    [[101, 100, 100, 99], RankStyle.ORDINAL, [1, 2, 3, 4]],
    [[101, 100, 100, 99], RankStyle.COMPETITION, [1, 2, 2, 4]],
    [[101, 100, 100, 99], RankStyle.DENSE, [1, 2, 2, 3]],
    [[0, 0, -1], RankStyle.ORDINAL, [1, 2, 3]],
    [[0, 0, -1], RankStyle.COMPETITION, [1, 1, 3]],
    [[0, 0, -1], RankStyle.DENSE, [1, 1, 2]],
    [[-1, 0, 0], RankStyle.ORDINAL, [1, 2, 3]],
    [[-1, 0, 0], RankStyle.COMPETITION, [1, 2, 2]],
    [[-1, 0, 0], RankStyle.DENSE, [1, 2, 2]],
  ];
  for (const [scores, rankStyle, ranks] of cases) {
    const order = scores[0] === -1 ? Order.LOWEST_FIRST : Order.HIGHEST_FIRST;
    const contest = new PlainContest({ order, tieBreak: TieBreak.FIRST_REACHED, rankStyle });
    const watch = new PlainWatch(contest, WatchScope.TOP, 10);
    const board = new LiveBoard(WatchScope.TOP, 10);
    board.apply(watch.snapshot());

    const updates = scores.map((score, index) => [USERS[index] as string, score] as const);
    board.apply(watch.set(...updates));

    const seen = `${scores} ${RankStyle[rankStyle]}`;
    assert.deepEqual(board.rows.map((row) => Number(row.score)), scores, seen);
    assert.deepEqual(board.rows.map((row) => row.rank), ranks, seen);
    assert.deepEqual(board.rows.map((row) => row.place), scores.map((_, index) => index + 1), seen);
  }
});

test("a user that leaves a tie at the limit keeps a rank within it, and is not shown", () => {
  const tieBreak = TieBreak.FIRST_REACHED;
  const rules = { order: Order.HIGHEST_FIRST, tieBreak, rankStyle: RankStyle.COMPETITION };
  const watch = new PlainWatch(new PlainContest(rules), WatchScope.TOP, 3);
  const board = new LiveBoard(WatchScope.TOP, 3);
  board.apply(watch.snapshot());
  board.apply(watch.set(["a", 9], ["b", 8], ["c", 7], ["d", 7]));

  const message = watch.set(["b", 7]);
  board.apply(message);

  const changes = message.event.case === "changes" ? message.event.value.changes : [];
  assert.deepEqual(changes.map(({ user }) => [user?.userId, user?.rank, user?.place]), [
    ["b", 2, 4],
    ["d", 2, 3],
  ]);
  assert.deepEqual(board.rows.map(({ userId, rank }) => [userId, rank]), [
    ["a", 1],
    ["c", 2],
    ["d", 2],
  ]);
});

test("the ranks follow the style of the last snapshot", () => {
  const tieBreak = TieBreak.FIRST_REACHED;
  const board = new LiveBoard(WatchScope.TOP, 3);
  const ranks = [RankStyle.DENSE, RankStyle.ORDINAL, RankStyle.COMPETITION].map((rankStyle) => {
    const contest = new PlainContest({ order: Order.HIGHEST_FIRST, tieBreak, rankStyle });
    const watch = new PlainWatch(contest, WatchScope.TOP, 3);
    board.apply(watch.snapshot());
    board.apply(watch.set(["a", 1], ["b", 1], ["c", 0]));
    return board.rows.map(({ rank }) => rank);
  });

  assert.deepEqual(ranks, [
    [1, 1, 2],
    [1, 2, 3],
    [1, 1, 3],
  ]);
});
