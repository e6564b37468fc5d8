// Tests of the calls that read boards and ranks.

import assert from "node:assert/strict";
import { test } from "node:test";

import { InvalidRequestError } from "../src/errors.js";
import { LeaderboardService } from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { answer, startClient } from "./fake-service.js";

const { batchGetUserRanks, getScoreRank, getTopUsers, getUserRank } = LeaderboardService.method;

const POSITION = { epoch: "e", revision: 2n ** 53n + 1n };
const ADA = { userId: "ada", score: 7n, rank: 1, place: 2, attributes: { country: "gb" } };
const BO = { userId: "bo", score: 7n, rank: 1, place: 1, displayName: "Bo", attributes: {} };
const ROWS = [BO, { ...ADA, displayName: "" }];

test("a page of a board begins at a place, and has places and attributes", async (context) => {
  const respond = answer(getTopUsers, ({ contestId, limit, startRank, minPosition }) => {
    assert.deepEqual([contestId, limit, startRank], ["chess", 2, 3]);
    assert.equal(minPosition?.revision, POSITION.revision);
    return { users: [BO, ADA], totalUsers: 9, position: POSITION };
  });
  const client = await startClient(context, { others: [respond] });

  const page = await client.getTopUsers("chess", {
    limit: 2,
    startRank: 3,
    minPosition: POSITION,
  });

  assert.deepEqual(page, { users: ROWS, totalUsers: 9, position: POSITION });
});

test("a rank may have neighbors, and rows around it", async (context) => {
  const respond = answer(getUserRank, ({ userId, neighbors, around }) => {
    assert.deepEqual([userId, neighbors, around], ["ada", 1, 201]);
    return { user: ADA, neighbors: [BO], around: [BO, ADA], totalUsers: 2, percentile: 0 };
  });
  const client = await startClient(context, { others: [respond] });

  const rank = await client.getUserRank("chess", "ada", { neighbors: 1, around: 201 });

  assert.deepEqual(rank, {
    user: ROWS[1],
    neighbors: [BO],
    around: ROWS,
    totalUsers: 2,
    percentile: 0,
    position: { epoch: "", revision: 0n },
  });
});

test("the ranks of several users name those without a score", async (context) => {
  const respond = answer(batchGetUserRanks, ({ contestId, userIds, minPosition }) => {
    assert.deepEqual([contestId, userIds], ["chess", ["no", "ada", "bo"]]);
    assert.equal(minPosition?.epoch, POSITION.epoch);
    return { users: [BO, ADA], missingUserIds: ["no"], totalUsers: 5, position: POSITION };
  });
  const client = await startClient(context, { others: [respond] });

  const userIds = new Set(["no", "ada", "bo"]);
  const ranks = await client.batchGetUserRanks("chess", userIds, { minPosition: POSITION });

  assert.deepEqual(ranks, {
    users: ROWS,
    missingUserIds: ["no"],
    totalUsers: 5,
    position: POSITION,
  });
  await assert.rejects(client.batchGetUserRanks("chess", "ada"), InvalidRequestError);
});

test("the rank of a score is exact in 64 bits, and may have rows around it", async (context) => {
  const scores: unknown[] = [];
  const respond = answer(getScoreRank, ({ score, around, minPosition }) => {
    scores.push([score, around, minPosition?.revision]);
    return { rank: 2, place: 3, around: [BO, ADA], totalUsers: 2, position: POSITION };
  });
  const client = await startClient(context, { others: [respond] });

  const options = { around: 2, minPosition: POSITION };
  const rank = await client.getScoreRank("chess", -(2n ** 53n), options);
  await client.getScoreRank("chess", 7);

  const expected = { rank: 2, place: 3, around: ROWS, totalUsers: 2, position: POSITION };
  assert.deepEqual(rank, expected);
  assert.deepEqual(scores, [
    [-(2n ** 53n), 2, POSITION.revision],
    [7n, 0, undefined],
  ]);
  const names = (error: InvalidRequestError): boolean => error.violations[0]?.field === "score";
  for (const score of [0.5, 2 ** 53, 2n ** 63n, "7" as unknown as number]) {
    await assert.rejects(client.getScoreRank("chess", score), names);
  }
});
