// Tests of several servers: addresses, and the way of calls and watches between the servers.

import assert from "node:assert/strict";
import { promises as dns } from "node:dns";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, status } from "@grpc/grpc-js";

import { parseAddresses } from "../src/node/addresses.js";
import { Client } from "../src/node/client.js";
import { ErrorInfoSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../src/gen/google/rpc/status_pb.js";
import { ACCEPTED, type Behaviour, UPDATE, relayTo, serve } from "./fake-service.js";
import { DRAINING, send, snapshot } from "./watch-fixtures.js";

/** Starts services; each counts its updates, and accepts them unless it has a behaviour. */
async function startServices(
  context: TestContext,
  ...behaviours: Behaviour[]
): Promise<{ addresses: string[]; counts: number[]; stops: (() => void)[] }> {
  const counts = behaviours.map(() => 0);
  const services = await Promise.all(
    behaviours.map((behaviour, index) => {
      const { update = async () => ACCEPTED } = behaviour;
      return serve({
        ...behaviour,
        update: (call) => {
          counts[index] = (counts[index] ?? 0) + 1;
          return update(call);
        },
      });
    }),
  );
  const stops = services.map(({ stop }) => stop);
  context.after(() => stops.forEach((stop) => stop()));
  return { addresses: services.map(({ address }) => address), counts, stops };
}

function clientOf(context: TestContext, ...addresses: string[]): Client {
  const client = new Client(addresses.join(","));
  context.after(() => client.close());
  return client;
}

async function callUntil(client: Client, isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    await client.updateScore(UPDATE);
  }
}

function draining(): Promise<never> {
  const info = { reason: "ERROR_REASON_SERVER_DRAINING", domain: "leaderboard.v1" };
  const retry = create(RetryInfoSchema, { retryDelay: { seconds: 60n } });
  const details = [
    anyPack(ErrorInfoSchema, create(ErrorInfoSchema, info)),
    anyPack(RetryInfoSchema, retry),
  ];
  const metadata = new Metadata();
  const trailer = toBinary(StatusSchema, create(StatusSchema, { details }));
  metadata.set("grpc-status-details-bin", Buffer.from(trailer));
  return Promise.reject({ code: status.UNAVAILABLE, details: "draining", metadata });
}

/** Makes any delay before a retry longer than all timeouts. */
function endlessDelays(context: TestContext): { restore: () => void } {
  return context.mock.method(Math, "random", () => 1e4).mock;
}

async function closedAddress(): Promise<string> {
  const { address, stop } = await serve({});
  stop();
  return address;
}

test("addresses are HOST:PORT, a list of these, or a name in DNS", () => {
  const read = (text: string): string[] =>
    parseAddresses(text).map(({ hostPort, isName }) => (isName ? `dns ${hostPort}` : hostPort));

  assert.deepEqual(read("scores.example:1"), ["scores.example:1"]);
  assert.deepEqual(read("[::1]:50051,b:65535"), ["[::1]:50051", "b:65535"]);
  assert.deepEqual(read("a:1,b:2,A:1,a:1"), ["a:1", "b:2"]);
  assert.deepEqual(read("dns:///scores.example:1"), ["dns scores.example:1"]);
});

test("any other address is refused, and named", () => {
  const wrong = {
    "": "'' is not HOST:PORT",
    "a:1,": "'' is not HOST:PORT",
    "a:1, b:2": "' b:2' is not HOST:PORT",
    "a:1,b:x": "'b:x' is not HOST:PORT",
    "::1:1": "'::1:1' is not HOST:PORT",
    "a?b:1": "'a?b:1' is not HOST:PORT",
    "http://a:1": "'http://a:1' is not HOST:PORT",
    "dns://8.8.8.8/a:1": "'dns://8.8.8.8/a:1' is not HOST:PORT",
    "dns:///a": "'dns:///a' is not dns:///NAME:PORT",
    "a:1,dns:///b:2": "'dns:///b:2' can't be in a list",
  };

  for (const [text, message] of Object.entries(wrong)) {
    assert.throws(() => new Client(text), { name: "TypeError", message });
  }
});

test("a token needs TLS unless all servers are on this machine", () => {
  for (const address of ["127.0.0.1:1,scores.example:1", "dns:///scores.example:1"]) {
    assert.throws(() => new Client(address, { token: "secret" }), /TLS/);
  }
  for (const address of ["127.0.0.1:1,localhost:2", "dns:///LocalHost:1"]) {
    new Client(address, { token: "secret" }).close();
  }
});

test("calls are spread evenly over all servers that are connected", async (context) => {
  const { addresses, counts } = await startServices(context, {}, {});
  const client = clientOf(context, ...addresses);
  await callUntil(client, () => Math.min(...counts) > 0);
  const before = [...counts];

  for (let call = 0; call < 10; call++) {
    await client.updateScore(UPDATE);
  }

  assert.deepEqual(
    counts.map((count, index) => count - (before[index] ?? 0)),
    [5, 5],
  );
});

test("a call gets from a server that is down to another one at once", async (context) => {
  const { addresses } = await startServices(context, {});
  for (let run = 0; run < 4; run++) {
    const client = clientOf(context, await closedAddress(), ...addresses);
    const random = endlessDelays(context);
    await client.updateScore(UPDATE);
    random.restore();
  }
});

// Below the 4 s of an attempt.
test("a server that never answers holds a call up for a second", { timeout: 3_500 }, async (context) => {
  const silent = createServer((socket) => context.after(() => socket.destroy()));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  context.after(() => silent.close());
  const { addresses } = await startServices(context, {});
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;

  for (let run = 0; run < 2; run++) {
    await clientOf(context, address, ...addresses).updateScore(UPDATE);
  }
});

test("a server that drains is asked once while another one is connected", async (context) => {
  const { addresses, counts } = await startServices(context, { update: draining }, {});
  const client = clientOf(context, ...addresses);

  await callUntil(client, () => (counts[0] ?? 0) > 0 && (counts[1] ?? 0) >= 10);

  assert.equal(counts[0], 1);
});

test("the delay that a draining server requests is not waited for", async (context) => {
  let calls = 0;
  const { addresses } = await startServices(context, {
    update: () => (calls++ ? Promise.resolve(ACCEPTED) : draining()),
  });

  await clientOf(context, ...addresses).updateScore(UPDATE, { timeoutMs: 4_000 });

  assert.equal(calls, 2);
});

test("a server that comes back takes all calls when the other one goes", async (context) => {
  const { addresses, counts, stops } = await startServices(context, {}, {});
  const relay = await relayTo(addresses[0] ?? "");
  const client = clientOf(context, relay.address, addresses[1] ?? "");
  await callUntil(client, () => Math.min(...counts) > 0);
  relay.stop();
  await client.updateScore(UPDATE);
  const again = await relayTo(addresses[0] ?? "", Number(relay.address.split(":")[1]));
  context.after(again.stop);

  stops[1]?.();

  const before = counts[0] ?? 0;
  await callUntil(client, () => (counts[0] ?? 0) > before + 5);
});

test("the servers of a name in DNS are found", async (context) => {
  const { addresses, counts } = await startServices(context, {});
  const client = clientOf(context, `dns:///localhost:${addresses[0]?.split(":")[1]}`);

  await client.updateScore(UPDATE);

  assert.deepEqual(counts, [1]);
});

test("calls are spread over all addresses of a name, and go on with those that are left", async (context) => {
  const found = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 }));
  context.mock.method(dns, "lookup", async () => found);
  const counts = [0, 0];
  const counting = (index: number): Behaviour => ({
    update: async () => {
      counts[index] = (counts[index] ?? 0) + 1;
      return ACCEPTED;
    },
  });
  const one = await serve(counting(0));
  const port = one.address.split(":")[1];
  const other = await serve(counting(1), `127.0.0.2:${port}`);
  context.after(() => [one, other].forEach(({ stop }) => stop()));
  const client = clientOf(context, `dns:///scores.example:${port}`);
  await callUntil(client, () => Math.min(...counts) > 0);
  const before = [...counts];

  for (let call = 0; call < 10; call++) {
    await client.updateScore(UPDATE);
  }
  assert.deepEqual(
    counts.map((count, index) => count - (before[index] ?? 0)),
    [5, 5],
  );

  other.stop();
  const left = (counts[0] ?? 0) + 20;
  await callUntil(client, () => (counts[0] ?? 0) >= left);
});

/**
 * Starts the server of a name, and returns the connections on which it answered, and what makes a
 * call that ends without an answer, after some milliseconds, and then one that is answered.
 */
async function startSilentName(
  context: TestContext,
): Promise<{ peers: Set<string>; endEarly: (beginsAt: number, lasts: number) => Promise<void> }> {
  const peers = new Set<string>();
  let isSilent = false;
  let now = performance.now();
  context.mock.method(performance, "now", () => now);
  const { addresses, counts } = await startServices(context, {
    update: (call) => {
      const peer = call.getPeer();
      // A call whose deadline has passed on its way here may have no peer any more.
      if (isSilent || call.cancelled || peer === "unknown") {
        return new Promise(() => undefined);
      }
      peers.add(peer);
      return Promise.resolve(ACCEPTED);
    },
  });
  const client = clientOf(context, `dns:///localhost:${addresses[0]?.split(":")[1]}`);
  const endEarly = async (beginsAt: number, lasts: number): Promise<void> => {
    isSilent = true;
    const received = counts[0];
    now = beginsAt;
    const rejected = assert.rejects(client.updateScore(UPDATE, { timeoutMs: 500 }));
    while (counts[0] === received) {
      await sleep(5);
    }
    now += lasts;
    await rejected;
    isSilent = false;
    await client.updateScore(UPDATE);
  };
  return { peers, endEarly };
}

test("rare calls that end early leave the connections to the servers of a name", async (context) => {
  const { peers, endEarly } = await startSilentName(context);
  for (let call = 0; call < 5; call++) {
    await endEarly(call * 60_000, 900);
  }

  assert.equal(peers.size, 1);
});

test("calls that end early add up until connections to a name are replaced", async (context) => {
  const { peers, endEarly } = await startSilentName(context);
  for (let call = 0; call < 5; call++) {
    await endEarly(call * 1_000, 900);
  }

  assert.equal(peers.size, 2);
});

test("a server of a name that does not answer is left while another one answers", async (context) => {
  const peers = new Set<string>();
  let calls = 0;
  const { addresses } = await startServices(context, {
    update: (call) => {
      peers.add(call.getPeer());
      return calls++ ? Promise.resolve(ACCEPTED) : new Promise(() => undefined);
    },
  });
  const client = clientOf(context, `dns:///localhost:${addresses[0]?.split(":")[1]}`);
  const unanswered = client.updateScore(UPDATE, { timeoutMs: 500 });
  while (calls === 0) {
    await sleep(5);
  }
  const now = performance.now.bind(performance);
  context.mock.method(performance, "now", () => now() + 4_000);

  await client.updateScore(UPDATE);
  assert.equal(peers.size, 1);
  await assert.rejects(unanswered);
  await client.updateScore(UPDATE);

  assert.equal(peers.size, 2);
});

test("a watch whose server drains goes on at once with the next server", async (context) => {
  const streams = [0, 0];
  const behaviours = streams.map((_, index): Behaviour => ({
    watch: (call) => {
      streams[index] = (streams[index] ?? 0) + 1;
      call.on("error", () => undefined);
      send(call, 3, 0, snapshot("ada"));
      send(call, 3, 3, DRAINING);
    },
  }));
  const { addresses } = await startServices(context, ...behaviours);
  const client = clientOf(context, ...addresses);
  const states: string[] = [];
  endlessDelays(context);

  for await (const { state } of client.watch("chess")) {
    states.push(state);
    if (states.filter((each) => each === "LIVE").length === 2) {
      break;
    }
  }

  assert.deepEqual(streams, [1, 1]);
  assert.deepEqual(states, ["CONNECTING", "LIVE", "RECONNECTING", "LIVE"]);
});
