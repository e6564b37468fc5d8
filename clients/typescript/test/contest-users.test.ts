// Tests of the calls that delete contests, and remove, hide and erase users.

import assert from "node:assert/strict";
import { test } from "node:test";

import { status } from "@grpc/grpc-js";

import type { ErasedPart, HiddenUser } from "../src/contest-model.js";
import { FailedPreconditionError, InvalidRequestError } from "../src/errors.js";
import { ContestService } from "../src/gen/leaderboard/v1/contests_pb.js";
import { UPDATE, answer, refusal, startClient } from "./fake-service.js";

const { deleteContest, eraseUser, hideUsers, listHiddenUsers, removeUsers, unhideUsers } =
  ContestService.method;

const POSITION = { epoch: "e", revision: 7n };
const RESTARTING = { code: status.UNAVAILABLE, details: "restarting" };

/** Returns a function that fails the first time, as a server that restarts. */
function failOnce(): () => void {
  let failed = false;
  return () => {
    if (!failed) {
      failed = true;
      throw RESTARTING;
    }
  };
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}

test("a contest is deleted by its id, or only if it has the epoch that is meant", async (context) => {
  const requests: unknown[] = [];
  const respond = answer(deleteContest, ({ contestId, epoch }) => {
    requests.push([contestId, epoch]);
    return {};
  });
  const client = await startClient(context, { others: [respond] });

  assert.equal(await client.deleteContest("race"), undefined);
  await client.deleteContest("race", { epoch: "5d2f" });

  assert.deepEqual(requests, [
    ["race", ""],
    ["race", "5d2f"],
  ]);
});

test("removed, hidden and unhidden users are counted, with the position after it", async (context) => {
  const others = [
    answer(removeUsers, ({ contestId, userIds }) => {
      assert.deepEqual([contestId, userIds], ["race", ["ada", "bo"]]);
      return { count: 1, position: POSITION };
    }),
    answer(hideUsers, ({ userIds }) => ({ count: userIds.length, position: POSITION })),
    answer(unhideUsers, () => ({ count: 0, position: {} })),
  ];
  const client = await startClient(context, { others });
  const users = ["ada", "bo"];

  assert.deepEqual(await client.removeUsers("race", users), { count: 1, position: POSITION });
  assert.deepEqual(await client.hideUsers("race", new Set(users)), {
    count: 2,
    position: POSITION,
  });
  assert.deepEqual(await client.unhideUsers("none", users), {
    count: 0,
    position: { epoch: "", revision: 0n },
  });
});

test("users that are one string are refused before they are sent", async (context) => {
  const client = await startClient(context, {});

  for (const change of ["removeUsers", "hideUsers", "unhideUsers"] as const) {
    await assert.rejects(client[change]("race", "ada"), InvalidRequestError);
    await assert.rejects(client[change]("race", ["\ud83d"]), InvalidRequestError);
  }
});

test("hidden users are listed page by page, also those without a score", async (context) => {
  const requests: unknown[] = [];
  const ada = { userId: "ada", score: 0n, displayName: "Ada", attributes: { country: "gb" } };
  const pages = new Map([
    ["", { users: [ada], nextPageToken: "second" }],
    ["second", { nextPageToken: "third" }],
    ["third", { userIdsWithoutScore: ["bo"] }],
  ]);
  const respond = answer(listHiddenUsers, ({ contestId, pageSize, pageToken }) => {
    requests.push([contestId, pageSize, pageToken]);
    return pages.get(pageToken) ?? {};
  });
  const client = await startClient(context, { others: [respond] });

  const users: HiddenUser[] = await listed(client.listHiddenUsers("race", { pageSize: 5 }));

  assert.deepEqual(users, [
    ada,
    { userId: "bo", score: undefined, displayName: "", attributes: {} },
  ]);
  assert.deepEqual(requests, [
    ["race", 5, ""],
    ["race", 5, "second"],
    ["race", 5, "third"],
  ]);
});

test("a user is erased part by part, and a later erase continues from the token", async (context) => {
  const requests: unknown[] = [];
  const parts = new Map<string, ErasedPart>([
    ["", { contestsChanged: 2, nextPageToken: "second" }],
    ["second", { contestsChanged: 0, nextPageToken: "third" }],
    ["third", { contestsChanged: 1, nextPageToken: "" }],
  ]);
  const respond = answer(eraseUser, ({ userId, pageToken }) => {
    requests.push([userId, pageToken]);
    return parts.get(pageToken) ?? {};
  });
  const client = await startClient(context, { others: [respond] });

  let pageToken = "";
  for await (const part of client.eraseUser("ada")) {
    pageToken = part.nextPageToken;
    break;
  }
  assert.deepEqual(requests, [["ada", ""]], "what is left erases no more");

  const rest = await listed(client.eraseUser("ada", { pageToken }));
  assert.deepEqual(rest, [parts.get("second"), parts.get("third")]);
  assert.deepEqual(await listed(client.eraseUser("ada")), [...parts.values()]);
});

test("deleting, removing, hiding and erasing are repeated until they succeed", async (context) => {
  const [deleting, removing, hiding, unhiding, listing, erasing] = Array.from(
    { length: 6 },
    failOnce,
  ) as [() => void, () => void, () => void, () => void, () => void, () => void];
  const others = [
    answer(deleteContest, () => (deleting(), {})),
    answer(removeUsers, () => (removing(), { count: 1 })),
    answer(hideUsers, () => (hiding(), { count: 2 })),
    answer(unhideUsers, () => (unhiding(), { count: 3 })),
    answer(listHiddenUsers, () => (listing(), { userIdsWithoutScore: ["ada"] })),
    answer(eraseUser, () => (erasing(), { contestsChanged: 4 })),
  ];
  const client = await startClient(context, { others });

  await client.deleteContest("race");
  const counts = [
    (await client.removeUsers("race", ["ada"])).count,
    (await client.hideUsers("race", ["ada"])).count,
    (await client.unhideUsers("race", ["ada"])).count,
    (await listed(client.listHiddenUsers("race"))).length,
    (await listed(client.eraseUser("ada")))[0]?.contestsChanged,
  ];

  assert.deepEqual(counts, [1, 2, 3, 1, 4]);
});

test("a write to a contest that is not open is refused with its state and time", async (context) => {
  let attempts = 0;
  const metadata = { contestId: "chess", state: "CLOSED", time: "2026-12-01T18:00:00Z" };
  const reason = "ERROR_REASON_CONTEST_NOT_OPEN";
  const client = await startClient(context, async () => {
    attempts++;
    throw refusal(status.FAILED_PRECONDITION, reason, metadata);
  });

  const isNotOpen = (error: unknown): boolean => {
    assert.ok(error instanceof FailedPreconditionError);
    assert.deepEqual([error.reason, { ...error.metadata }], [reason, metadata]);
    return !error.retryable;
  };
  await assert.rejects(client.updateScore(UPDATE), isNotOpen);

  assert.equal(attempts, 1);
});
