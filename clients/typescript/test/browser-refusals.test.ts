// Tests of watches that the gateway refuses, or that it closes.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";

import {
  InvalidRequestError,
  LeaderboardError,
  NotFoundError,
  OverloadedError,
  StreamLostError,
  UnavailableError,
  WebClient,
  type WatchUpdate,
} from "../src/browser/index.js";
import { EMPTY_BOARD, WS, message, problem, startGateway } from "./gateway-fixtures.js";
import { OVER, all, snapshot, summarize } from "./watch-fixtures.js";

const VIOLATIONS = [{ field: "limit", description: "must be at most 1000" }];

/** Finishes a watch at once. */
function finish(socket: { send: (text: string) => void }): void {
  socket.send(message(3, 0, snapshot("ada")));
  socket.send(message(3, 3, OVER));
}

test("a watch with a malformed field ends with the violations", async (context) => {
  const { client, watches, reads } = await startGateway(context, {
    sockets: [{ status: 400 }],
    read: () =>
      problem(400, { reason: "ERROR_REASON_INVALID_FIELD", violations: VIOLATIONS, detail: "no" }),
  });

  await assert.rejects(all(client.watch("chess", { limit: 5_000 })), (error) => {
    assert.ok(error instanceof InvalidRequestError);
    assert.deepEqual(error.violations, VIOLATIONS);
    assert.equal(error.message, "limit: must be at most 1000");
    assert.equal(error.reason, "ERROR_REASON_INVALID_FIELD");
    return true;
  });

  assert.equal(watches.length, 1);
  assert.deepEqual(
    reads.map(({ url }) => url),
    ["/v1/contests/chess/top?limit=5000"],
  );
});

for (const [status, code] of [
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
] as const) {
  test(`a watch that is refused with ${status} ends with ${code}`, async (context) => {
    const { client, watches } = await startGateway(context, {
      sockets: [{ status }],
      read: () => problem(status, { detail: "not this one" }),
      options: { token: "sesame" },
    });

    await assert.rejects(all(client.watch("chess")), { code, message: "not this one" });

    assert.equal(watches.length, 1);
  });
}

for (const [status, ErrorClass] of [
  [429, OverloadedError],
  [503, UnavailableError],
] as const) {
  test(`a watch that is refused with ${status} waits as long as the gateway says`, async (context) => {
    const times: number[] = [];
    const { client, reads } = await startGateway(context, {
      sockets: [{ status }],
      read: () => problem(status, {}, { "retry-after": "1" }),
    });
    const updates = client.watch("chess");
    for (let count = 0; count < 3; count++) {
      await updates.next();
      times.push(performance.now());
    }
    const { value } = await updates.next();
    await updates.return();

    assert.ok(value?.trouble instanceof ErrorClass);
    assert.equal(value.trouble.retryAfterMs, 1_000);
    assert.ok((times[2] ?? 0) - (times[1] ?? 0) >= 990);
    assert.equal(reads.length, 3);
  });
}

test("a watch waits for a gateway that can't be reached", async (context) => {
  const port = await freePort();
  const client = new WebClient({ baseUrl: `http://127.0.0.1:${port}`, WebSocket: WS });
  context.after(() => client.close());
  const updates = client.watch("chess");

  const seen: WatchUpdate[] = [];
  for (let count = 0; count < 3; count++) {
    seen.push((await updates.next()).value as WatchUpdate);
  }
  await updates.return();

  assert.deepEqual(summarize(seen), ["CONNECTING", "CONNECTING", "CONNECTING"]);
  assert.ok(seen[1]?.trouble instanceof UnavailableError);
  assert.match(seen[1].trouble.message, /can't be reached/);
});

test("a gateway without WebSockets is trouble, with the delays of failed attempts", async (context) => {
  const { client, reads } = await startGateway(context, { sockets: [{ status: 200 }, finish] });

  const seen = await all(client.watch("chess"));

  assert.deepEqual(summarize(seen), ["CONNECTING", "CONNECTING", "LIVE ada", "OVER ada"]);
  assert.ok(seen[1]?.trouble instanceof StreamLostError);
  assert.equal(reads.length, 1);
});

test("a board of a contest that does not exist is watched when the gateway lets it", async (context) => {
  const { client, reads } = await startGateway(context, {
    sockets: [{ status: 503 }, finish],
    read: ({ url }) => (url.includes("/top") ? { body: EMPTY_BOARD } : problem(404)),
  });

  assert.deepEqual(summarize(await all(client.watch("chess"))).at(-1), "OVER ada");
  assert.equal(reads.length, 1);
});

for (const code of [1008, 1011]) {
  test(`a watch that is closed with ${code} ends if the gateway refuses it for good`, async (context) => {
    const { client } = await startGateway(context, {
      sockets: [(socket) => socket.close(code, "refused")],
      read: () => problem(404, { reason: "ERROR_REASON_CONTEST_NOT_FOUND", metadata: { a: "b" } }),
    });

    await assert.rejects(all(client.watch("chess")), (error) => {
      assert.ok(error instanceof NotFoundError);
      assert.equal(error.reason, "ERROR_REASON_CONTEST_NOT_FOUND");
      assert.deepEqual(error.metadata, { a: "b" });
      return true;
    });
  });
}

for (const [code, reads] of [
  [1000, 0],
  [1001, 0],
  [1008, 1],
  [1009, 0],
  [1011, 1],
  [1012, 0],
  [1013, 1],
  [4_999, 0],
] as const) {
  test(`a watch that is closed with ${code} before its end resumes`, async (context) => {
    const gateway = await startGateway(context, {
      sockets: [
        (socket) => {
          socket.send(message(3, 0, snapshot("ada")));
          socket.close(code, "for a reason");
        },
        (socket) => socket.send(message(3, 3, OVER)),
      ],
    });

    const seen = await all(gateway.client.watch("chess"));

    assert.deepEqual(summarize(seen), ["CONNECTING", "LIVE ada", "RECONNECTING ada", "OVER ada"]);
    const text = `the WebSocket was closed (${code}): for a reason`;
    assert.equal(seen[2]?.trouble?.message, text);
    assert.equal(gateway.reads.length, reads);
    assert.ok(gateway.watches[1]?.url.endsWith("?resume_after=e%3A3"));
  });
}

test("the token is a subprotocol, and a header of what is read", async (context) => {
  const tokens = ["first~", "second?>"];
  const { client, watches, reads } = await startGateway(context, {
    sockets: [{ status: 503 }, finish],
    read: () => problem(503, {}, { "retry-after": "0" }),
    options: { token: async () => tokens.shift() ?? "" },
  });

  await all(client.watch("chess"));

  assert.deepEqual(
    watches.map(({ protocols }) => protocols),
    [
      ["leaderboard.v1", "leaderboard.token.Zmlyc3R-"],
      ["leaderboard.v1", "leaderboard.token.c2Vjb25kPz4"],
    ],
  );
  assert.deepEqual(
    reads.map(({ token }) => token),
    ["first~"],
  );
});

test("a token that can't be had is trouble, and without one none is sent", async (context) => {
  const tokens = [Promise.reject(new Error("no one is signed in")), Promise.resolve("sesame")];
  const { client, watches } = await startGateway(context, {
    sockets: [finish],
    options: { token: () => tokens.shift() as Promise<string> },
  });

  const seen = await all(client.watch("chess"));

  assert.equal(seen[1]?.trouble?.message, "no token: no one is signed in");
  assert.equal(watches.length, 1);
  const open = await startGateway(context, { sockets: [finish] });
  await all(open.client.watch("chess"));
  assert.deepEqual(open.watches[0]?.protocols, ["leaderboard.v1"]);
});

test("a contest id that no path can have is refused without a request", async (context) => {
  const { client, watches } = await startGateway(context, {});

  for (const contestId of ["", ".", "..", "a/b", "/"]) {
    await assert.rejects(all(client.watch(contestId)), InvalidRequestError);
    await assert.rejects(client.getTopUsers(contestId), InvalidRequestError);
  }
  await assert.rejects(all(client.watch("chess", { limit: 0.5 })), LeaderboardError);

  assert.equal(watches.length, 0);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
