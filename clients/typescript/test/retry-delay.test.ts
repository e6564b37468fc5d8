// Tests of the delay before a retry.

import assert from "node:assert/strict";
import { test } from "node:test";

import { UnavailableError } from "../src/errors.js";
import { retryDelay } from "../src/retry-delay.js";
import { countedRetries } from "../src/server-down.js";

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

test("while there is no server the delay stops growing", () => {
  const away = new UnavailableError("UNAVAILABLE", "refused");
  const storeAway = new UnavailableError("UNAVAILABLE", "the store is away", {
    reason: "ERROR_REASON_STORE_UNAVAILABLE",
  });

  assert.deepEqual([0, 1, 2, 9].map((retries) => countedRetries(retries, away)), [0, 1, 2, 2]);
  assert.equal(countedRetries(9, storeAway), 9);
});

test("a requested delay is limited to 5 s", () => {
  assert.equal(retryDelay(0, 3_600_000, least), 5_000);
});
