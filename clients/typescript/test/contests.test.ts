// Tests of the calls that create, read, list and change contests.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { type MessageShape, create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";

import type { Client } from "../src/node/client.js";
import type { ContestSettings } from "../src/contest-model.js";
import { InvalidRequestError } from "../src/errors.js";
import {
  ContestService,
  type Contest as ContestMessage,
  ContestState,
} from "../src/gen/leaderboard/v1/contests_pb.js";
import {
  Order,
  PositionSchema,
  RankStyle,
  TieBreak,
  UpdateMode,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { answer, startClient } from "./fake-service.js";

const { createContest, getContest, listContests, updateContest } = ContestService.method;

type UpdateRequest = MessageShape<typeof updateContest.input>;

const BOUND = 2n ** 53n;
const POSITION = { epoch: "e", revision: 1n };
const CREATED = new Date("2026-11-29T01:02:03.004Z");
const STARTS = new Date("1969-12-31T23:59:59.999Z");
const ENDS = new Date("2026-12-01T18:00:00.001Z");
const NEXT_RESET = new Date("2026-11-29T23:00:00Z");
const SETTINGS: ContestSettings = {
  displayName: "Time trial",
  rules: {
    order: "LOWEST_FIRST",
    tieBreak: "LAST_REACHED",
    rankStyle: "DENSE",
    defaultMode: "BEST",
    minScore: 0,
    maxScore: BOUND,
    maxPoints: 60_000,
  },
  startsAt: STARTS,
  endsAt: ENDS,
  expireAfterMs: 90_000.5,
  resetSchedule: { cron: "0 0 * * MON", timeZone: "Europe/Berlin" },
  keepSeasons: 0,
};

/** Starts a service that keeps the requests to change contests, and a client of it. */
async function startUpdates(
  context: TestContext,
): Promise<{ client: Client; requests: UpdateRequest[] }> {
  const requests: UpdateRequest[] = [];
  const respond = answer(updateContest, (request) => {
    requests.push(request);
    return { contest: { contestId: "race", totalUsers: 3, position: POSITION } };
  });
  return { client: await startClient(context, { others: [respond] }), requests };
}

test("a contest is created with its settings, and returned with all rules", async (context) => {
  const respond = answer(createContest, ({ contest }) => {
    assert.equal(contest?.contestId, "race");
    assert.equal(contest.displayName, "Time trial");
    const { $typeName: _, ...rules } = contest.rules ?? { $typeName: "" };
    assert.deepEqual(rules, {
      order: Order.LOWEST_FIRST,
      tieBreak: TieBreak.LAST_REACHED,
      rankStyle: RankStyle.DENSE,
      defaultMode: UpdateMode.BEST,
      minScore: 0n,
      maxScore: BOUND,
      maxPoints: 60_000n,
    });
    contest.createdAt = timestampFromDate(CREATED);
    assert.equal(contest.keepSeasons, 0, "not the default");
    contest.nextResetAt = timestampFromDate(NEXT_RESET);
    contest.season = 4;
    contest.state = ContestState.CLOSED;
    contest.position = create(PositionSchema, POSITION);
    return { contest };
  });
  const client = await startClient(context, { others: [respond] });

  const contest = await client.createContest("race", SETTINGS);

  assert.deepEqual(contest, {
    contestId: "race",
    displayName: "Time trial",
    rules: { ...SETTINGS.rules, minScore: 0n, maxPoints: 60_000n },
    startsAt: STARTS,
    endsAt: ENDS,
    expireAfterMs: 90_001,
    resetSchedule: SETTINGS.resetSchedule,
    keepSeasons: 0,
    state: "CLOSED",
    season: 4,
    totalUsers: 0,
    position: POSITION,
    createdAt: CREATED,
    nextResetAt: NEXT_RESET,
  });
});

test("a contest without settings has the default of each rule", async (context) => {
  const others = [
    answer(createContest, ({ contest }) => ({ contest: contest ?? {} })),
    answer(getContest, ({ contestId }) => ({ contest: { contestId, rules: { order: 99 } } })),
  ];
  const client = await startClient(context, { others });
  const defaults = {
    order: "HIGHEST_FIRST",
    tieBreak: "FIRST_REACHED",
    rankStyle: "ORDINAL",
    defaultMode: "INCREMENT",
    minScore: undefined,
    maxScore: undefined,
    maxPoints: undefined,
  };

  assert.deepEqual((await client.createContest("plain")).rules, defaults);
  const { rules } = await client.getContest("newer");
  assert.deepEqual(rules, { ...defaults, order: "UNSPECIFIED" }, "the order is of a later version");
  await assert.rejects(client.createContest("copy", { rules }), InvalidRequestError);
});

test("a contest without times is open from the beginning, does not close and is kept", async (context) => {
  const others = [
    answer(createContest, ({ contest }) => {
      const { contestId = "", startsAt, endsAt, expireAfter } = contest ?? {};
      assert.deepEqual([startsAt, endsAt, expireAfter], [undefined, undefined, undefined]);
      return { contest: { contestId, state: ContestState.OPEN } };
    }),
    answer(getContest, ({ contestId }) => ({ contest: { contestId, state: 99 } })),
  ];
  const client = await startClient(context, { others });

  const { startsAt, endsAt, expireAfterMs, state } = await client.createContest("plain");

  assert.deepEqual([startsAt, endsAt, expireAfterMs], [undefined, undefined, undefined]);
  assert.equal(state, "OPEN");
  const newer = await client.getContest("newer");
  assert.equal(newer.state, "UNSPECIFIED", "the state is of a later version");
});

test("a change of times is sent to the millisecond, and null resets them", async (context) => {
  const { client, requests } = await startUpdates(context);
  const timesOf = ({ startsAt, endsAt, expireAfter }: ContestMessage): unknown[] =>
    [startsAt, endsAt, expireAfter].map((each) => each && [each.seconds, each.nanos]);

  await client.updateContest("race", { startsAt: STARTS, endsAt: ENDS, expireAfterMs: 1_500 });
  await client.updateContest("race", { startsAt: null, endsAt: null, expireAfterMs: null });
  await client.updateContest("race", { endsAt: new Date(0), expireAfterMs: 0 });

  const sent = requests.map(({ contest, updateMask }) => [
    updateMask?.paths,
    timesOf(contest as ContestMessage),
  ]);
  const whole = ["starts_at", "ends_at", "expire_after"];
  const times = [
    [-1n, 999_000_000],
    [1_796_148_000n, 1_000_000],
    [1n, 500_000_000],
  ];
  assert.deepEqual(sent, [
    [whole, times],
    [whole, [undefined, undefined, undefined]],
    [["ends_at", "expire_after"], [undefined, [0n, 0], [0n, 0]]],
  ]);
});

test("a change has a mask of what was given, and null is the default", async (context) => {
  const { client, requests } = await startUpdates(context);
  const paths = async (settings: ContestSettings): Promise<string[] | undefined> => {
    await client.updateContest("race", settings);
    return requests.at(-1)?.updateMask?.paths;
  };
  const { rules = {} } = SETTINGS;
  const ruleNames = ["order", "tie_break", "rank_style", "default_mode"];
  const boundNames = ["min_score", "max_score", "max_points"];

  assert.deepEqual(await paths({}), []);
  assert.deepEqual(await paths({ displayName: undefined, rules: { order: undefined } }), []);
  assert.deepEqual(await paths({ displayName: "" }), ["display_name"]);
  assert.deepEqual(await paths({ displayName: null, rules: null }), ["display_name", "rules"]);
  assert.deepEqual(await paths({ rules: { maxPoints: null } }), ["rules.max_points"]);
  assert.equal(requests.at(-1)?.contest?.rules?.maxPoints, undefined);
  assert.deepEqual(await paths({ rules: { minScore: 0, order: null } }), [
    "rules.order",
    "rules.min_score",
  ]);
  assert.equal(requests.at(-1)?.contest?.rules?.minScore, 0n, "0 is a bound, and not the default");
  assert.deepEqual(
    await paths({ rules }),
    [...ruleNames, ...boundNames].map((name) => `rules.${name}`),
  );
  assert.equal(requests.at(-1)?.contest?.rules?.tieBreak, TieBreak.LAST_REACHED);
});

test("all contests are listed, page by page", async (context) => {
  const pages = new Map([
    ["", { ids: ["a", "b"], nextPageToken: "second" }],
    ["second", { ids: [], nextPageToken: "third" }],
    ["third", { ids: ["c"], nextPageToken: "" }],
  ]);
  const requests: unknown[] = [];
  const respond = answer(listContests, ({ pageToken, pageSize, idPrefix }) => {
    requests.push([pageToken, pageSize, idPrefix]);
    const { ids = [], nextPageToken = "" } = pages.get(pageToken) ?? {};
    return { contests: ids.map((contestId) => ({ contestId })), nextPageToken };
  });
  const client = await startClient(context, { others: [respond] });
  const list = async (options = {}): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { contestId } of client.listContests(options)) {
      ids.push(contestId);
    }
    return ids;
  };

  assert.deepEqual(await list(), ["a", "b", "c"]);
  assert.deepEqual(await list({ pageSize: 2, idPrefix: "x" }), ["a", "b", "c"]);
  assert.deepEqual(requests, [
    ["", 0, ""],
    ["second", 0, ""],
    ["third", 0, ""],
    ["", 2, "x"],
    ["second", 2, "x"],
    ["third", 2, "x"],
  ]);
});

test("contests of one state are listed, and a state that is unknown is refused", async (context) => {
  const states: ContestState[] = [];
  const respond = answer(listContests, ({ state }) => {
    states.push(state);
    return { contests: [{ contestId: "a", state }] };
  });
  const client = await startClient(context, { others: [respond] });

  for (const state of ["SCHEDULED", "OPEN", "CLOSED"] as const) {
    for await (const contest of client.listContests({ state })) {
      assert.equal(contest.state, state);
    }
  }
  const wrong = client.listContests({ state: "UNSPECIFIED" });
  await assert.rejects(wrong.next(), InvalidRequestError);

  assert.deepEqual(states, [ContestState.SCHEDULED, ContestState.OPEN, ContestState.CLOSED]);
});

test("a list that is left reads no more pages", async (context) => {
  let calls = 0;
  const respond = answer(listContests, () => {
    calls++;
    return { contests: [{ contestId: "a" }], nextPageToken: "more" };
  });
  const client = await startClient(context, { others: [respond] });

  for await (const { contestId } of client.listContests()) {
    assert.equal(contestId, "a");
    break;
  }

  assert.equal(calls, 1);
});

test("creating and changing a contest is repeated until it succeeds", async (context) => {
  const attempts = { create: 0, update: 0 };
  const restarting = { code: status.UNAVAILABLE, details: "restarting" };
  const others = [
    answer(createContest, ({ contest }) => {
      if (attempts.create++ === 0) {
        throw restarting;
      }
      return { contest: contest ?? {} };
    }),
    answer(updateContest, ({ contest }) => {
      if (attempts.update++ === 0) {
        throw restarting;
      }
      return { contest: contest ?? {} };
    }),
  ];
  const client = await startClient(context, { others });

  await client.createContest("race", SETTINGS);
  await client.updateContest("race", { displayName: "Race" });

  assert.deepEqual(attempts, { create: 2, update: 2 });
});

test("settings that can't be encoded are refused before they are sent", async (context) => {
  const { client, requests } = await startUpdates(context);
  const wrong: [settings: unknown, field: string][] = [
    [{ rules: { order: "lowest" } }, "contest.rules.order"],
    [{ rules: { order: "UNSPECIFIED" } }, "contest.rules.order"],
    [{ rules: { tieBreak: "toString" } }, "contest.rules.tie_break"],
    [{ rules: { rankStyle: 3 } }, "contest.rules.rank_style"],
    [{ rules: { defaultMode: "ADD" } }, "contest.rules.default_mode"],
    [{ rules: { minScore: 0.5 } }, "contest.rules.min_score"],
    [{ rules: { maxScore: 2n ** 63n } }, "contest.rules.max_score"],
    [{ rules: { maxPoints: "5" } }, "contest.rules.max_points"],
    [{ displayName: "an unpaired surrogate: \ud83d" }, "contest.display_name"],
    [{ startsAt: new Date(Number.NaN) }, "contest.starts_at"],
    [{ endsAt: "2026-12-01" }, "contest.ends_at"],
    [{ endsAt: { seconds: 5n, nanos: 0 } }, "contest.ends_at"],
    [{ expireAfterMs: Number.NaN }, "contest.expire_after"],
    [{ expireAfterMs: "60000" }, "contest.expire_after"],
    [{ expireAfterMs: Number.POSITIVE_INFINITY }, "contest.expire_after"],
    [{ resetSchedule: { cron: 5 } }, "contest.reset_schedule.cron"],
    [{ resetSchedule: { cron: "0 0 * * *", timeZone: 1 } }, "contest.reset_schedule.time_zone"],
    [{ keepSeasons: 0.5 }, "contest.keep_seasons"],
    [{ keepSeasons: "10" }, "contest.keep_seasons"],
  ];

  for (const [settings, field] of wrong) {
    const names = (error: InvalidRequestError): boolean => error.violations[0]?.field === field;
    await assert.rejects(client.updateContest("race", settings as ContestSettings), names, field);
  }
  assert.deepEqual(requests, []);
});
