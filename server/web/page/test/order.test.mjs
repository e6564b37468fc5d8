import assert from "node:assert/strict";
import { test } from "node:test";

import { rowsThatStay } from "../build/order.js";

/** Returns the numbers of the rows that have to move. */
function moved(before) {
  return rowsThatStay(before).flatMap((stays, row) => (stays ? [] : [row]));
}

test("no row of an unchanged order moves", () => {
  assert.deepEqual(moved([0, 1, 2, 3]), []);
  assert.deepEqual(moved([]), []);
});

test("only the row that climbs moves, not those that it passes", () => {
  assert.deepEqual(moved([0, 4, 1, 2, 3]), [1]);
});

test("only the row that drops moves, not those that pass it", () => {
  assert.deepEqual(moved([1, 2, 3, 4, 0]), [4]);
});

test("new rows are put between those that stay", () => {
  assert.deepEqual(moved([-1, 0, -1, 1, 2]), [0, 2]);
});

test("the rows that stay are as many as possible, in any order", () => {
  const shuffled = Array.from({ length: 300 }, (_, row) => (row * 137) % 300);
  const kept = rowsThatStay(shuffled).flatMap((stays, row) => (stays ? [shuffled[row]] : []));
  assert.deepEqual(
    kept,
    [...kept].sort((one, other) => one - other),
  );
  assert.equal(kept.length, longestRise(shuffled));
});

/** Returns the length of a longest rising sequence, by trying all of them. */
function longestRise(numbers) {
  const lengths = [];
  for (const [index, number] of numbers.entries()) {
    const shorter = lengths.filter((_, earlier) => numbers[earlier] < number);
    lengths[index] = 1 + Math.max(0, ...shorter);
  }
  return Math.max(...lengths);
}
