// Tests of the calls that read over HTTP.

import assert from "node:assert/strict";
import { test } from "node:test";

import { toJson } from "@bufbuild/protobuf";

import {
  CancelledError,
  DeadlineExceededError,
  FailedPreconditionError,
  InvalidRequestError,
  LeaderboardError,
  NotFoundError,
  OverloadedError,
  type RankedUser,
  UnavailableError,
  WebClient,
  type WebClientOptions,
} from "../src/browser/index.js";
import { ContestSchema, ContestState } from "../src/gen/leaderboard/v1/contests_pb.js";
import { create } from "../src/messages.js";
import { fakeBrowser } from "./fake-browser.js";
import { type Answer, EMPTY_BOARD, problem, startGateway } from "./gateway-fixtures.js";

const POSITION = { epoch: "5d2f", revision: 2n ** 53n + 1n };
const POSITION_JSON = { epoch: "5d2f", revision: "9007199254740993" };
const ADA: RankedUser = {
  userId: "ada",
  score: 7n,
  rank: 1,
  place: 1,
  displayName: "Ada",
  attributes: { country: "gb" },
};
const ADA_JSON = { ...ADA, score: "7" };
const CONTEST = { contestId: "chess", displayName: "Chess cup", state: "CONTEST_STATE_OPEN" };

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) {
    collected.push(item);
  }
  return collected;
}

test("a page of a board is read with all its options", async (context) => {
  const board = { users: [ADA_JSON], totalUsers: 9, position: POSITION_JSON, later: { a: 1 } };
  const { client, reads } = await startGateway(context, { read: () => ({ body: board }) });
  const options = { limit: 5, startRank: 11, season: -1, minPosition: POSITION };

  const top = await client.getTopUsers("chess:a", options);
  await client.getTopUsers("chess");

  assert.deepEqual(top, { users: [ADA], totalUsers: 9, position: POSITION });
  assert.deepEqual(
    reads.map(({ url }) => decodeURIComponent(url)),
    [
      "/v1/contests/chess:a/top?limit=5&start_rank=11&min_position=5d2f:9007199254740993&season=-1",
      "/v1/contests/chess/top",
    ],
  );
});

test("ranks are read of a user, of several and of a score", async (context) => {
  const body = {
    user: ADA_JSON,
    users: [ADA_JSON],
    around: [ADA_JSON],
    missingUserIds: ["b&o"],
    rank: 3,
    place: 4,
    totalUsers: 9,
    percentile: 12.5,
    position: POSITION_JSON,
  };
  const { client, reads } = await startGateway(context, { read: () => ({ body }) });
  const totals = { totalUsers: 9, position: POSITION };

  const rank = await client.getUserRank("chess", "ada", { around: 3 });
  const ranks = await client.batchGetUserRanks("chess", new Set(["ada", "b&o"]), { season: 2 });
  const score = await client.getScoreRank("chess", 0, { around: 1, minPosition: POSITION });

  assert.deepEqual(rank, { user: ADA, neighbors: [], around: [ADA], percentile: 12.5, ...totals });
  assert.deepEqual(ranks, { users: [ADA], missingUserIds: ["b&o"], ...totals });
  assert.deepEqual(score, { rank: 3, place: 4, around: [ADA], ...totals });
  assert.deepEqual(
    reads.map(({ url }) => url),
    [
      "/v1/contests/chess/rank?user_id=ada&around=3",
      "/v1/contests/chess/users?id=ada&id=b%26o&season=2",
      "/v1/contests/chess/scores?score=0&around=1&min_position=5d2f%3A9007199254740993",
    ],
  );
});

test("a contest is read with its settings", async (context) => {
  const contest = create(ContestSchema, {
    contestId: "chess",
    state: ContestState.OPEN,
    season: 2,
    expireAfter: { seconds: 90n, nanos: 500_000_000 },
    endsAt: { seconds: 1_800_000_000n, nanos: 250_000_000 },
    resetSchedule: { cron: "0 0 * * MON", timeZone: "Europe/Berlin" },
    rules: { minScore: -5n },
  });
  const body = toJson(ContestSchema, contest, { alwaysEmitImplicit: true });
  const { client, reads } = await startGateway(context, { read: () => ({ body }) });

  const read = await client.getContest("chess");

  assert.deepEqual([read.contestId, read.state, read.season], ["chess", "OPEN", 2]);
  assert.deepEqual([read.expireAfterMs, read.endsAt], [90_500, new Date(1_800_000_000_250)]);
  assert.equal(read.resetSchedule?.timeZone, "Europe/Berlin");
  assert.deepEqual([read.rules.order, read.rules.minScore], ["HIGHEST_FIRST", -5n]);
  assert.equal(reads[0]?.url, "/v1/contests/chess");
});

test("contests and seasons are read page by page, when they are needed", async (context) => {
  const { client, reads } = await startGateway(context, {
    read: ({ url }) => {
      const nextPageToken = url.includes("page_token=") ? "" : "a+b/c=";
      const seasons = [{ number: url.includes("page_token=") ? 1 : 2, totalUsers: 3 }];
      return { body: { contests: [CONTEST], seasons, nextPageToken } };
    },
  });

  const options = { idPrefix: "ch", pageSize: 1, state: "OPEN" } as const;
  const contests = await collect(client.listContests(options));
  const seasons = await collect(client.listSeasons("chess"));
  const first = client.listContests();
  await first.next();

  assert.deepEqual(
    contests.map(({ contestId, displayName, state }) => [contestId, displayName, state]),
    [
      ["chess", "Chess cup", "OPEN"],
      ["chess", "Chess cup", "OPEN"],
    ],
  );
  assert.deepEqual(
    seasons.map(({ number, totalUsers }) => [number, totalUsers]),
    [
      [2, 3],
      [1, 3],
    ],
  );
  const query = "page_size=1&id_prefix=ch&state=CONTEST_STATE_OPEN";
  assert.deepEqual(
    reads.map(({ url }) => url),
    [
      `/v1/contests?${query}`,
      `/v1/contests?${query.replace("&", "&page_token=a%2Bb%2Fc%3D&")}`,
      "/v1/contests/chess/seasons",
      "/v1/contests/chess/seasons?page_token=a%2Bb%2Fc%3D",
      "/v1/contests",
    ],
  );
});

const REFUSALS = [
  [400, "ERROR_REASON_INVALID_FIELD", InvalidRequestError, "INVALID_ARGUMENT"],
  [401, "", LeaderboardError, "UNAUTHENTICATED"],
  [403, "", LeaderboardError, "PERMISSION_DENIED"],
  [404, "ERROR_REASON_SEASON_NOT_FOUND", NotFoundError, "NOT_FOUND"],
  [409, "ERROR_REASON_POSITION_UNREACHABLE", FailedPreconditionError, "FAILED_PRECONDITION"],
  [414, "", OverloadedError, "RESOURCE_EXHAUSTED"],
  [500, "ERROR_REASON_INTERNAL", LeaderboardError, "INTERNAL"],
] as const;

for (const [status, reason, ErrorClass, code] of REFUSALS) {
  test(`a read that is refused with ${status} has the code ${code} and its details`, async (context) => {
    const members = { reason, metadata: { contestId: "chess", bad: 1 }, detail: "is\n refused" };
    const { client, reads } = await startGateway(context, { read: () => problem(status, members) });

    await assert.rejects(client.getTopUsers("chess"), (error) => {
      assert.ok(error instanceof ErrorClass);
      assert.deepEqual([error.code, error.reason, error.message], [code, reason, "is refused"]);
      assert.deepEqual(error.metadata, { contestId: "chess", bad: "" });
      assert.ok(!error.retryable);
      return true;
    });

    assert.equal(reads.length, 1);
  });
}

test("a host that the gateway does not serve is a final error", async (context) => {
  const { client } = await startGateway(context, { read: () => problem(421) });

  const code = "PERMISSION_DENIED";
  await assert.rejects(client.getTopUsers("chess"), { code, retryable: false });
});

test("a read is repeated while the gateway or the service is away or overloaded", async (context) => {
  const overloaded = { reason: "ERROR_REASON_OVERLOADED", metadata: { limit: "calls" } };
  const answers: Answer[] = [
    problem(503, { reason: "ERROR_REASON_STORE_UNAVAILABLE" }, { "retry-after": "0" }),
    problem(503, overloaded, { "retry-after": "0" }),
    problem(429, {}, { "retry-after": "0" }),
    problem(504),
    { status: 502, body: "<h1>Bad gateway</h1>", headers: { "content-type": "text/html" } },
    { body: "<h1>Sign in to this network</h1>" },
    { body: EMPTY_BOARD },
  ];
  const { client, reads } = await startGateway(context, {
    read: (_, count) => answers[count - 1] as Answer,
    options: { timeoutMs: 60_000 },
  });

  assert.deepEqual((await client.getTopUsers("chess")).users, []);

  assert.equal(reads.length, answers.length);
});

test("a delay beyond the time of a call ends it at once, with the delay", async (context) => {
  const { client } = await startGateway(context, {
    read: () => problem(503, {}, { "retry-after": "7" }),
    options: { timeoutMs: 500 },
  });

  await assert.rejects(client.getTopUsers("chess"), (error) => {
    assert.ok(error instanceof UnavailableError);
    assert.equal(error.retryAfterMs, 7_000);
    return true;
  });
});

test("a delay that is no number is ignored", async (context) => {
  const { client } = await startGateway(context, {
    read: () => problem(404, {}, { "retry-after": "soon" }),
  });

  await assert.rejects(client.getTopUsers("chess"), { retryAfterMs: undefined });
});

test("a limit of the gateway whose delay can't be read has one of a second", async (context) => {
  const { client } = await startGateway(context, {
    read: () => problem(429),
    options: { timeoutMs: 500 },
  });

  await assert.rejects(client.getTopUsers("chess"), { retryAfterMs: 1_000, retryable: true });
});

test("a gateway that does not answer, and a network that is away, end with the time", async (context) => {
  const { client } = await startGateway(context, { read: () => new Promise(() => undefined) });
  const { options } = fakeBrowser(() => new TypeError("Failed to fetch"));
  const away = new WebClient(options);
  const times = { timeoutMs: 300 };

  await assert.rejects(client.getTopUsers("chess", times), DeadlineExceededError);
  await assert.rejects(away.getTopUsers("chess", times), UnavailableError);
});

test("an aborted signal ends a read, and a closed client all of them", async (context) => {
  const { client } = await startGateway(context, { read: () => new Promise(() => undefined) });
  const stop = new AbortController();
  const aborted = client.getTopUsers("chess", { signal: stop.signal });
  const closed = client.getTopUsers("chess");

  stop.abort();
  client.close();

  await assert.rejects(aborted, { name: "AbortError" });
  await assert.rejects(closed, CancelledError);
  await assert.rejects(client.getTopUsers("chess"), CancelledError);
});

test("a read has the token of its attempt, and ends with the error of the token function", async (context) => {
  const tokens = ["first", "second"];
  const { client, reads } = await startGateway(context, {
    read: (_, count) => (count === 1 ? problem(503) : { body: EMPTY_BOARD }),
    options: {
      token: () => {
        assert.ok(tokens.length, "no one is signed in");
        return tokens.shift() as string;
      },
    },
  });

  await client.getTopUsers("chess");

  assert.deepEqual(
    reads.map(({ token }) => token),
    ["first", "second"],
  );
  await assert.rejects(client.getTopUsers("chess"), /no one is signed in/);
});

test("a gateway may be at a path, and its URL needs https for a token", async () => {
  const { options, fetched } = fakeBrowser(() => new Response(JSON.stringify(EMPTY_BOARD)));
  const accepted: WebClientOptions[] = [
    { baseUrl: "https://a.example/scores", token: "sesame" },
    { baseUrl: new URL("https://a.example/scores/?x=1#y") },
    { baseUrl: "http://127.0.0.2:8080", token: "sesame" },
    { baseUrl: "http://[::1]:8080/", token: "sesame" },
    { baseUrl: "http://localhost", token: "sesame" },
    { baseUrl: "http://a.example" },
  ];
  for (const each of accepted) {
    await new WebClient({ ...options, ...each }).getTopUsers("chess");
  }
  const refused: WebClientOptions[] = [
    { baseUrl: "http://a.example", token: "sesame" },
    { baseUrl: "http://127.0.0.1.example", token: () => "sesame" },
    { baseUrl: "https://a.example", token: "with space" },
    { baseUrl: "ws://a.example" },
    { baseUrl: "no URL" },
    {},
  ];
  for (const each of refused) {
    assert.throws(() => new WebClient(each), TypeError);
  }
  assert.throws(() => new WebClient({ ...options, timeoutMs: 0 }), RangeError);

  assert.deepEqual(fetched, [
    "https://a.example/scores/v1/contests/chess/top",
    "https://a.example/scores/v1/contests/chess/top",
    "http://127.0.0.2:8080/v1/contests/chess/top",
    "http://[::1]:8080/v1/contests/chess/top",
    "http://localhost/v1/contests/chess/top",
    "http://a.example/v1/contests/chess/top",
  ]);
});
