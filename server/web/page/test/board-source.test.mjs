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

test("a board that is over stays while the gateway is away, and moves again when it is opened", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.document = { hidden: false };
  const looks = [
    () => {
      throw new Error("the gateway can't be reached");
    },
    () => [{ contestId: "cup", state: "CLOSED" }],
    () => [{ contestId: "cup", state: "OPEN" }],
  ];
  let isWatchedAgain = false;
  const last = (function* () {
    isWatchedAgain = true;
    yield { state: "LIVE" };
  })();
  const seen = [];
  const failures = [];
  const client = clientOf([[{ state: "OVER" }], last, []], () => looks.shift()());
  void watchBoard(client, "cup", 10, {
    update: ({ state }) => seen.push(state),
    fail: (error) => failures.push(error),
  });
  for (let look = 0; look < 3; look++) {
    assert.equal(isWatchedAgain, false);
    await new Promise(setImmediate);
    t.mock.timers.tick(60_000);
    await new Promise(setImmediate);
  }
  await new Promise(setImmediate);
  assert.deepEqual([seen, failures, looks.length], [["OVER", "LIVE"], [], 0]);
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
