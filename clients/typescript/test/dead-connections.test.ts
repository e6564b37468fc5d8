// Tests of connections whose other end vanished without notice.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../src/node/client.js";
import { ACCEPTED, UPDATE, relayTo, serve } from "./fake-service.js";

// Each call waits for a second, and is ended by its own caller.
test("a dead connection is replaced though callers end their calls", async (context) => {
  const service = await serve({ update: async () => ACCEPTED });
  const relay = await relayTo(service.address);
  const client = new Client(relay.address);
  context.after(() => {
    client.close();
    relay.stop();
    service.stop();
  });
  await client.updateScore(UPDATE);
  relay.mute();

  const outcomes: string[] = [];
  while (outcomes.length < 10 && outcomes.at(-1) !== "ada") {
    const call = client.updateScore(UPDATE, { signal: AbortSignal.timeout(1_000) });
    outcomes.push(await call.then(({ user }) => user.userId, (error: Error) => error.name));
  }

  assert.equal(outcomes.at(-1), "ada");
});

test("a dead connection is replaced", async (context) => {
  const service = await serve({ update: async () => ACCEPTED });
  const relay = await relayTo(service.address);
  const client = new Client(relay.address);
  context.after(() => {
    client.close();
    relay.stop();
    service.stop();
  });
  await client.updateScore(UPDATE);

  relay.mute();

  assert.equal((await client.updateScore(UPDATE)).user.userId, "ada");
});
