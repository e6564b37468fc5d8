// Tests of watches whose connection, network or tab is away.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { Gateway } from "../src/browser/gateway.js";
import {
  CancelledError,
  StreamLostError,
  WebClient,
  type WatchUpdate,
} from "../src/browser/index.js";
import { watch } from "../src/browser/watch.js";
import { OpenCalls } from "../src/call-bounds.js";
import { type FakeBrowser, fakeBrowser, setGlobals } from "./fake-browser.js";
import { message } from "./gateway-fixtures.js";
import { OVER, all, change, snapshot, summarize } from "./watch-fixtures.js";

const FIRST = message(3, 0, snapshot("ada"));
const PROGRESS = message(3, 3, { case: "progress", value: {} });
const LAST = message(3, 3, OVER);

/** Refuses requests for so long that a test would not see the end of it. */
const REFUSE = (): Response =>
  new Response("{}", { status: 503, headers: { "retry-after": "60" } });

function clientOf(context: TestContext, { options }: FakeBrowser): WebClient {
  const client = new WebClient(options);
  context.after(() => client.close());
  return client;
}

/** Starts a watch with a short idle timeout. */
function watchFor(
  context: TestContext,
  { options }: FakeBrowser,
  idleTimeoutMs: number,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const open = new OpenCalls();
  context.after(() => open.close());
  return watch(new Gateway(options), open, "chess", {}, idleTimeoutMs);
}

test("a WebSocket without messages, and one that does not open, are replaced", async (context) => {
  const browser = fakeBrowser();
  const seen = all(watchFor(context, browser, 60));

  (await browser.socket(0)).open().say(FIRST);
  await browser.socket(1);
  (await browser.socket(2)).open().say(LAST);

  assert.deepEqual(summarize(await seen), [
    "CONNECTING",
    "LIVE ada",
    "RECONNECTING ada",
    "RECONNECTING ada",
    "OVER ada",
  ]);
  assert.equal((await seen)[2]?.trouble?.message, "no message for 0.06 s");
  assert.ok(browser.sockets.every(({ isClosed }) => isClosed));
});

test("a message that arrived while the tab was asleep is no late one", async (context) => {
  const browser = fakeBrowser();
  const seen = all(watchFor(context, browser, 200));
  const socket = (await browser.socket(0)).open().say(FIRST);
  await new Promise((resolve) => setTimeout(resolve, 10));

  // All timers are due when the loop goes on, as when a browser wakes up.
  setTimeout(() => socket.say(PROGRESS), 250);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  setTimeout(() => socket.say(LAST), 60);

  assert.deepEqual(summarize(await seen), ["CONNECTING", "LIVE ada", "LIVE ada", "OVER ada"]);
});

for (const [event, wake] of [
  ["online", (page: FakePage) => page.window.dispatchEvent(new Event("online"))],
  ["visibilitychange", (page: FakePage) => page.show("visible")],
] as const) {
  test(`a watch that waits reconnects at once after ${event}`, { timeout: 4_000 }, async (context) => {
    const page = fakePage(context);
    const browser = fakeBrowser(REFUSE);
    const updates = clientOf(context, browser).watch("chess");
    await updates.next();
    const failed = updates.next();
    (await browser.socket(0)).drop();
    await failed;
    const live = updates.next();
    page.show("hidden");
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(browser.sockets.length, 1);

    wake(page);
    (await browser.socket(1)).open().say(FIRST);

    assert.equal((await live).value?.state, "LIVE");
    await updates.return();
    assert.deepEqual(page.listeners(), []);
  });
}

test("each attempt without a gateway makes the next delay longer", { timeout: 15_000 }, async (context) => {
  const answers = Array.from({ length: 8 }, () => new TypeError("Failed to fetch"));
  const browser = fakeBrowser(() => answers.pop() ?? new Response("{}"));
  const page = fakePage(context);
  const updates = clientOf(context, browser).watch("chess");
  await updates.next();
  for (let number = 0; number < 9; number++) {
    const failed = updates.next();
    (await browser.socket(number)).drop();
    assert.equal((await failed).value?.state, "CONNECTING");
    if (number < 8) {
      setTimeout(() => page.window.dispatchEvent(new Event("online")), 5);
    }
  }

  const next = updates.next();
  await new Promise((resolve) => setTimeout(resolve, 1_000));

  assert.equal(browser.sockets.length, 9);
  await updates.return();
  await next;
});

test("a watch that is not read keeps a bounded number of messages, and resumes", async (context) => {
  const browser = fakeBrowser();
  const updates = clientOf(context, browser).watch("chess");
  await updates.next();
  const live = updates.next();
  const socket = (await browser.socket(0)).open().say(FIRST);
  await live;

  const size = 100_000;
  let revision = 3;
  while (!socket.isClosed && revision < 200) {
    const name = "x".repeat(size);
    socket.say(message(revision + 1, revision, change(name, 2)));
    revision++;
  }

  assert.ok(revision > 20 && revision < 60, `${revision} messages`);
  let update = (await updates.next()).value;
  while (update?.state === "LIVE") {
    update = (await updates.next()).value;
  }
  assert.ok(update?.trouble instanceof StreamLostError);
  assert.match(update.trouble.message, /not read in time/);
  assert.equal(update.position?.revision, BigInt(revision - 1));
  const next = updates.next();
  const { url } = await browser.socket(1);
  assert.ok(url.endsWith(`resume_after=e%3A${revision - 1}`), url);
  await updates.return();
  await next;
});

test("a single large message is read", async (context) => {
  const browser = fakeBrowser();
  const seen = all(clientOf(context, browser).watch("chess"));

  const large = message(3, 0, snapshot("x".repeat(5_000_000)));
  const socket = (await browser.socket(0)).open().say(large);
  setTimeout(() => socket.say(LAST), 0);

  assert.deepEqual(
    (await seen).map(({ state }) => state),
    ["CONNECTING", "LIVE", "OVER"],
  );
});

test("an aborted signal, a closed client and a left loop end a watch and its WebSocket", async (context) => {
  const stop = new AbortController();
  const ends: readonly ((updates: AsyncGenerator, client: WebClient) => void)[] = [
    () => stop.abort(),
    (_, client) => client.close(),
    (updates) => void updates.return(undefined),
  ];
  const results = [];
  for (const end of ends) {
    const browser = fakeBrowser();
    const client = clientOf(context, browser);
    const updates = client.watch("chess", end === ends[0] ? { signal: stop.signal } : {});
    await updates.next();
    const next = updates.next().catch((error: Error) => error);
    const socket = await browser.socket(0);
    end(updates, client);
    results.push(await next);
    assert.ok(socket.isClosed);
  }

  assert.equal((results[0] as Error).name, "AbortError");
  assert.ok(results[1] instanceof CancelledError);
  assert.deepEqual(results[2], { done: true, value: undefined });
});

test("a watch that waits ends at once when it is left", { timeout: 4_000 }, async (context) => {
  const browser = fakeBrowser(REFUSE);
  const updates = clientOf(context, browser).watch("chess");
  await updates.next();
  const failed = updates.next();
  (await browser.socket(0)).drop();
  await failed;

  const next = updates.next();
  await updates.return();

  assert.deepEqual(await next, { done: true, value: undefined });
});

test("the origin of the page, and what its browser has, are the defaults", async (context) => {
  const browser = fakeBrowser(() => new Response(JSON.stringify({ contestId: "chess" })));
  setGlobals(context, {
    location: { href: "https://scores.example:8443/boards/chess?wall#token=x" },
    fetch: browser.options.fetch,
    WebSocket: browser.options.WebSocket,
  });
  const client = new WebClient();
  context.after(() => client.close());

  const { contestId } = await client.getContest("chess");
  const seen = all(client.watch("chess", { limit: 5 }));
  (await browser.socket(0)).open().say(FIRST).say(LAST);
  await seen;

  assert.equal(contestId, "chess");
  assert.deepEqual(browser.fetched, ["https://scores.example:8443/v1/contests/chess"]);
  assert.deepEqual(
    browser.sockets.map(({ url }) => url),
    ["wss://scores.example:8443/v1/contests/chess/watch?limit=5"],
  );
});

interface FakePage {
  readonly window: EventTarget;
  readonly show: (visibility: "visible" | "hidden") => void;
  /** The events that are listened to. */
  readonly listeners: () => string[];
}

function fakePage(context: TestContext): FakePage {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const listened = new Map<unknown, string>();
  for (const target of [window, document]) {
    const [add, remove] = [
      target.addEventListener.bind(target),
      target.removeEventListener.bind(target),
    ];
    target.addEventListener = (type, listener) => {
      listened.set(listener, type);
      add(type, listener);
    };
    target.removeEventListener = (type, listener) => {
      listened.delete(listener);
      remove(type, listener);
    };
  }
  setGlobals(context, {
    document,
    addEventListener: window.addEventListener,
    removeEventListener: window.removeEventListener,
  });
  return {
    window,
    show: (visibility) => {
      document.visibilityState = visibility;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    listeners: () => [...listened.values()],
  };
}
