import assert from "node:assert/strict";
import { test } from "node:test";

import { readSeason, watchBoard } from "../build/board-source.js";

/** A client whose watches end, and whose list of contests is what `list` returns or throws. */
function clientOf(watches, list) {
  return {
    async *watch() {
      yield* watches.shift();
    },
    async *listContests() {
      yield* list();
    },
  };
}

/**
 * Watches with a client, and returns what was seen after some looks at the list, of which each
 * begins when the one before is over.
 */
async function watchThrough(t, watches, looks) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.document = { hidden: false };
  const seen = [];
  const client = clientOf([...watches, []], () => looks.shift()());
  void watchBoard(client, "cup", 10, { update: (each) => seen.push(each), fail: assert.fail });
  for (let look = looks.length; look > 0; look--) {
    await new Promise(setImmediate);
    t.mock.timers.tick(60_000);
    await new Promise(setImmediate);
  }
  assert.equal(looks.length, 0);
  return seen;
}

const away = () => {
  throw new Error("the gateway can't be reached");
};

test("a board that is over stays while the gateway is away, and moves again when it is opened", async (t) => {
  const looks = [
    away,
    () => [{ contestId: "cup", state: "CLOSED" }],
    () => [{ contestId: "cup", state: "OPEN" }],
  ];
  const seen = await watchThrough(t, [[{ state: "OVER" }], [{ state: "LIVE" }]], looks);
  assert.deepEqual(
    seen.map(({ state }) => state),
    ["OVER", "LIVE"],
  );
});

const LAST = { rows: [{ userId: "ada" }], totalUsers: 1, position: { revision: 5n }, season: 1 };

test("a deleted contest has nothing of its board any more, and is watched when it begins again", async (t) => {
  const watches = [[{ state: "DELETED", ...LAST }], [{ state: "LIVE", ...LAST }]];
  const looks = [() => [{ contestId: "cup-2" }], () => [{ contestId: "cup", state: "OPEN" }]];
  const [gone, again] = await watchThrough(t, watches, looks);
  assert.deepEqual([gone.state, gone.rows], ["DELETED", []]);
  assert.deepEqual(
    [gone.totalUsers, gone.position, gone.season],
    [undefined, undefined, undefined],
  );
  assert.deepEqual([again.state, again.rows], ["LIVE", LAST.rows]);
});

test("a contest that is deleted when it was over is gone at the next look", async (t) => {
  const seen = await watchThrough(t, [[{ state: "OVER", ...LAST }]], [away, () => [], () => []]);
  assert.deepEqual(
    seen.map(({ state, rows }) => [state, rows.length]),
    [
      ["OVER", 1],
      ["DELETED", 0],
    ],
  );
});

test("the current season is not read as one that is over, also by its number", async () => {
  const seen = [];
  const client = {
    getTopUsers: async () => ({ users: [], totalUsers: 0, position: {} }),
    getContest: async () => ({ season: 5 }),
  };
  const listener = { update: ({ season }) => seen.push(season), fail: assert.fail };
  const read = (season) => readSeason(client, "cup", { limit: 10, season }, listener);
  assert.deepEqual([await read(-1), await read(3), await read(5)], [true, true, false]);
  assert.deepEqual(seen, [4, 3]);
});
