import assert from "node:assert/strict";
import { test } from "node:test";

import { boardNotice } from "../build/board-notice.js";
import { boardAddress, readOptions } from "../build/options.js";
import { countLeaders, isShared, shareOf } from "../build/ranks.js";

const ranked = (...ranks) => ranks.map((rank) => ({ rank }));

test("rows with the rank of a neighbour share it", () => {
  const rows = ranked(1, 2, 2, 4);
  assert.deepEqual(
    rows.map((_, index) => isShared(rows, index)),
    [false, true, true, false],
  );
});

test("the first three ranks lead, with all who share them, unless nearly everyone does", () => {
  assert.equal(countLeaders(ranked(1, 2, 3, 4)), 3);
  assert.equal(countLeaders(ranked(1, 2, 2, 2, 5)), 4);
  assert.equal(countLeaders(ranked(1)), 1);
  assert.equal(countLeaders(ranked(1, 1, 1, 1, 1, 1, 1)), 0);
});

test("the share is how far a score is from the last row to the first, in both orders", () => {
  assert.equal(shareOf(15n, 20n, 10n), 0.5);
  assert.equal(shareOf(15n, 10n, 20n), 0.5);
  assert.equal(shareOf(-3n, -3n, -7n), 1);
  assert.equal(shareOf(5n, 20n, 10n), 0);
  assert.equal(shareOf(7n, 7n, 7n), 0);
  assert.equal(shareOf(2n ** 53n, 2n ** 53n, -(2n ** 53n)), 1);
});

test("options are read from the address, and numbers kept within their bounds", () => {
  const wall = readOptions("/boards/a%3Ab", "?wall&limit=5000&user=x");
  assert.deepEqual(
    [wall.contestId, wall.surface, wall.limit, wall.userId],
    ["a:b", "wall", 1000, "x"],
  );
  const frame = readOptions("/embed/cup", "?header=off&theme=dark&limit=abc");
  assert.deepEqual(
    [frame.surface, frame.hasHeader, frame.theme, frame.limit],
    ["embed", false, "dark", undefined],
  );
  const plain = readOptions("/boards/%zz", "?theme=pink&user=");
  assert.deepEqual(
    [plain.contestId, plain.surface, plain.theme, plain.userId, plain.season],
    ["%zz", "board", "auto", undefined, 0],
  );
});

test("the address of a board reads back as its options", () => {
  const [path, query] = boardAddress("a/b:c", { userId: "auth0|1", season: 3, limit: 50 }).split(
    "?",
  );
  const { contestId, userId, season, limit } = readOptions(path, query);
  assert.deepEqual(
    { contestId, userId, season, limit },
    { contestId: "a/b:c", userId: "auth0|1", season: 3, limit: 50 },
  );
});

const LIVE = {
  state: "live",
  rows: 0,
  season: 1,
  contest: undefined,
  error: undefined,
  isKept: false,
  hasControls: true,
  currentSeason: "/boards/cup",
};

test("a board with rows has no notice, one without says why", () => {
  const title = (known) => boardNotice({ ...LIVE, ...known }, 0)?.title;
  assert.equal(title({ rows: 1 }), undefined);
  assert.equal(title({ state: "connecting" }), undefined);
  assert.equal(title({}), "No scores yet");
  assert.equal(title({ season: 0 }), "This contest has not begun");
  assert.equal(title({ isKept: true }), "No scores");
  assert.equal(title({ state: "deleted" }), "The contest was deleted");
  assert.equal(title({ rows: 2, error: new Error("x") }), "This can\u2019t be shown");
  const contest = { state: "SCHEDULED", startsAt: new Date(60_000) };
  assert.equal(title({ contest }), "Opens in 1 min");
});

test("the notice of a season that is not kept leads to the current one, others to all boards", () => {
  const link = (error) => boardNotice({ ...LIVE, state: "error", error }, 0)?.link?.href;
  const reason = "ERROR_REASON_SEASON_NOT_FOUND";
  assert.equal(link(Object.assign(new Error("x"), { reason })), "/boards/cup");
  assert.equal(link(new Error("x")), "/boards");
});
