// Tests of schedules and seasons: their calls, and the season of writes, reads and watches.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";

import type { Client } from "../src/node/client.js";
import type { ContestSettings, Season } from "../src/contest-model.js";
import { FailedPreconditionError, InvalidRequestError, NotFoundError } from "../src/errors.js";
import { ContestService } from "../src/gen/leaderboard/v1/contests_pb.js";
import {
  BatchUpdateScoresResponseSchema,
  LeaderboardService,
  SnapshotReason,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { ACCEPTED, UPDATE, answer, refusal, startClient } from "./fake-service.js";
import { DRAINING, OVER, all, change, send, snapshot, startWatch } from "./watch-fixtures.js";

const { createContest, getContest, listSeasons, resetContest, updateContest } =
  ContestService.method;
const { batchGetUserRanks, getScoreRank, getTopUsers, getUserRank } = LeaderboardService.method;

const POSITION = { epoch: "e_4", revision: 7n };
const RESTARTING = { code: status.UNAVAILABLE, details: "restarting" };
const STARTED = new Date("2026-11-29T23:00:00Z");
const ENDED = new Date("2026-12-06T23:00:00.001Z");

test("schedule and number of kept seasons are changed, and null is the default", async (context) => {
  const requests: unknown[] = [];
  const respond = answer(updateContest, ({ contest, updateMask }) => {
    const { cron, timeZone } = contest?.resetSchedule ?? {};
    requests.push([updateMask?.paths, cron, timeZone, contest?.keepSeasons]);
    return { contest: contest ?? {} };
  });
  const client = await startClient(context, { others: [respond] });
  const both = ["reset_schedule", "keep_seasons"];
  const changes: [settings: ContestSettings, ...sent: unknown[]][] = [
    [{}, [], undefined, undefined, undefined],
    [{ keepSeasons: 0 }, ["keep_seasons"], undefined, undefined, 0],
    [{ resetSchedule: { cron: "0 0 1 * *" } }, ["reset_schedule"], "0 0 1 * *", "", undefined],
    [{ resetSchedule: null, keepSeasons: null }, both, undefined, undefined, undefined],
  ];

  for (const [settings, ...sent] of changes) {
    await client.updateContest("race", settings);
    assert.deepEqual(requests.at(-1), sent);
  }
});

test("a contest without a schedule has no next season", async (context) => {
  const others = [
    answer(createContest, () => ({ contest: { contestId: "plain", season: 1 } })),
    answer(getContest, ({ contestId }) => ({
      contest: { contestId, season: 2, resetSchedule: { cron: "0 0 * * *", timeZone: "UTC" } },
    })),
  ];
  const client = await startClient(context, { others });

  const plain = await client.createContest("plain");
  const daily = await client.getContest("daily");

  assert.deepEqual(
    [plain.season, plain.resetSchedule, plain.keepSeasons, plain.nextResetAt],
    [1, undefined, undefined, undefined],
  );
  assert.equal(daily.season, 2);
  assert.deepEqual(daily.resetSchedule, { cron: "0 0 * * *", timeZone: "UTC" });
});

test("the season that is named is ended, also where the first attempt fails", async (context) => {
  const requests: unknown[] = [];
  const respond = answer(resetContest, ({ contestId, season }) => {
    if (requests.push([contestId, season]) === 1) {
      throw RESTARTING;
    }
    return { contest: { contestId, season: season + 1, position: POSITION } };
  });
  const client = await startClient(context, { others: [respond] });

  const { contestId, season, totalUsers, position } = await client.resetContest("race", 3);

  assert.deepEqual([contestId, season, totalUsers, position], ["race", 4, 0, POSITION]);
  assert.deepEqual(requests, [
    ["race", 3],
    ["race", 3],
  ]);
});

test("seasons are listed page by page, with the times that they have", async (context) => {
  const requests: unknown[] = [];
  const startedAt = timestampFromDate(STARTED);
  const endedAt = timestampFromDate(ENDED);
  const pages = new Map([
    ["", { seasons: [{ number: 3, startedAt: endedAt, position: POSITION }], nextPageToken: "2" }],
    ["2", { nextPageToken: "1" }],
    ["1", { seasons: [{ number: 2, startedAt, endedAt, totalUsers: 9 }, { number: 1 }] }],
  ]);
  const respond = answer(listSeasons, ({ contestId, pageSize, pageToken }) => {
    requests.push([contestId, pageSize, pageToken]);
    return pages.get(pageToken) ?? {};
  });
  const client = await startClient(context, { others: [respond] });

  const seasons: Season[] = [];
  for await (const season of client.listSeasons("race", { pageSize: 2 })) {
    seasons.push(season);
  }

  const nowhere = { epoch: "", revision: 0n };
  assert.deepEqual(seasons, [
    { number: 3, startedAt: ENDED, endedAt: undefined, totalUsers: 0, position: POSITION },
    { number: 2, startedAt: STARTED, endedAt: ENDED, totalUsers: 9, position: nowhere },
    { number: 1, startedAt: undefined, endedAt: undefined, totalUsers: 0, position: nowhere },
  ]);
  assert.deepEqual(requests, [
    ["race", 2, ""],
    ["race", 2, "2"],
    ["race", 2, "1"],
  ]);
});

test("an update names its season, alone, in a batch and in a buffer", async (context) => {
  const sent: number[][] = [];
  const client = await startClient(context, {
    update: async ({ request }) => {
      sent.push([request.season]);
      return ACCEPTED;
    },
    batch: async ({ request: { updates } }) => {
      sent.push(updates.map((each) => each.season));
      const outcome = { case: "response" as const, value: ACCEPTED };
      return create(BatchUpdateScoresResponseSchema, { results: updates.map(() => ({ outcome })) });
    },
  });
  const late = { ...UPDATE, season: 3 };

  await client.updateScore(UPDATE);
  await client.updateScore(late);
  await client.batchUpdateScores([late, UPDATE]);
  const buffer = client.scoreBuffer({ onError: () => undefined });
  await buffer.add(UPDATE);
  await buffer.add(late);
  await buffer.close();

  assert.deepEqual(sent, [[0], [3], [3, 0], [0, 3]]);
});

/** Starts a service that keeps the seasons of reads, and a client of it. */
async function startReads(context: TestContext): Promise<{ client: Client; seasons: number[] }> {
  const seasons: number[] = [];
  const keep = ({ season }: { season: number }): object => (seasons.push(season), {});
  const others = [
    answer(getTopUsers, keep),
    answer(getUserRank, keep),
    answer(batchGetUserRanks, keep),
    answer(getScoreRank, keep),
  ];
  return { client: await startClient(context, { others }), seasons };
}

test("each read names its season, which is the current one by default", async (context) => {
  const { client, seasons } = await startReads(context);

  for (const options of [{}, { season: 4 }, { season: -1 }]) {
    await client.getTopUsers("race", options);
    await client.getUserRank("race", "ada", options);
    await client.batchGetUserRanks("race", ["ada"], options);
    await client.getScoreRank("race", 5, options);
  }

  assert.deepEqual(seasons, [0, 0, 0, 0, 4, 4, 4, 4, -1, -1, -1, -1]);
});

test("a season that is no number is refused before it is sent", async (context) => {
  const { client, seasons } = await startReads(context);
  const names = (error: InvalidRequestError): boolean => error.violations[0]?.field === "season";

  for (const season of [1.5, 2 ** 31, "1" as unknown as number]) {
    await assert.rejects(client.updateScore({ ...UPDATE, season }), names);
    await assert.rejects(client.getTopUsers("race", { season }), names);
    await assert.rejects(client.resetContest("race", season), names);
  }
  assert.deepEqual(seasons, []);
});

test("a late write and a season that is not kept are refused, and not sent again", async (context) => {
  const attempts: string[] = [];
  const refused = { contestId: "race", season: "4" };
  const client = await startClient(context, {
    update: async () => {
      attempts.push("write");
      const reason = "ERROR_REASON_SEASON_NOT_CURRENT";
      throw refusal(status.FAILED_PRECONDITION, reason, refused);
    },
    others: [
      answer(getTopUsers, () => {
        attempts.push("read");
        throw refusal(status.NOT_FOUND, "ERROR_REASON_SEASON_NOT_FOUND", refused);
      }),
    ],
  });

  await assert.rejects(client.updateScore({ ...UPDATE, season: 3 }), (error) => {
    assert.ok(error instanceof FailedPreconditionError);
    assert.equal(error.reason, "ERROR_REASON_SEASON_NOT_CURRENT");
    assert.equal(error.metadata["season"], "4");
    return true;
  });
  await assert.rejects(client.getTopUsers("race", { season: 4 }), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.equal(error.reason, "ERROR_REASON_SEASON_NOT_FOUND");
    return true;
  });

  assert.deepEqual(attempts, ["write", "read"]);
});

test("a watch shows the board of a new season, live and after it was lost", async (context) => {
  const begin = (season: number, reason: SnapshotReason) =>
    ({ case: "snapshot", value: { season, reason } }) as const;
  const { updates, resumed } = await startWatch(context, [
    (call) => {
      send(call, 3, 0, snapshot("ada"));
      send(call, 4, 3, begin(2, SnapshotReason.NEW_SEASON));
      send(call, 5, 4, change("bo", 1));
      send(call, 5, 5, DRAINING);
    },
    (call) => {
      send(call, 6, 5, begin(3, SnapshotReason.NEW_SEASON));
      send(call, 6, 6, OVER);
    },
  ]);

  const seen = await all(updates);

  const shown = seen.map(({ state, season, snapshotReason = "", rows }) =>
    [state, season, snapshotReason, ...rows.map((row) => row.userId)].join(" "),
  );
  assert.deepEqual(shown, [
    "CONNECTING  ",
    "LIVE 1 INITIAL ada",
    "LIVE 2 NEW_SEASON",
    "LIVE 2  bo",
    "RECONNECTING 2  bo",
    "LIVE 3 NEW_SEASON",
    "OVER 3 ",
  ]);
  assert.deepEqual(resumed, [undefined, 5n]);
});
