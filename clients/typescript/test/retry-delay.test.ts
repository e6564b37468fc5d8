// Tests of the delay before a retry.

import assert from "node:assert/strict";
import { test } from "node:test";

import { retryDelay } from "../src/retry-delay.js";

const least = (): number => 0;
const most = (): number => 1;

test("the delay doubles with each attempt, up to 5 s", () => {
  const delays = [0, 1, 2, 3, 4, 5, 1_000].map((retries) => retryDelay(retries, undefined, most));

  assert.deepEqual(delays, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test("the delay is never less than the server requested, and spread up to twice as much", () => {
  assert.equal(retryDelay(0, 700, least), 700);
  assert.equal(retryDelay(0, 700, most), 1_400);
});

test("a requested delay is limited to 5 s", () => {
  assert.equal(retryDelay(0, 3_600_000, least), 5_000);
});
