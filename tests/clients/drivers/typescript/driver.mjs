// Runs operations with the TypeScript client: one JSON object a line, in and out.

import { once } from "node:events";
import { createInterface } from "node:readline";

import { Client } from "../../../../clients/typescript/dist/index.js";
import { errorOf } from "./responses.mjs";
import { parse, stringify } from "./exact-json.mjs";
import { OPERATIONS } from "./operations.mjs";

const client = new Client(process.argv[2]);
const inFlight = new Map();

async function write(line) {
  if (!process.stdout.write(`${stringify(line)}\n`)) {
    await once(process.stdout, "drain");
  }
}

function start(request) {
  const controller = new AbortController();
  inFlight.set(request.id, { controller, ended: run(request, controller) });
}

async function run({ id, op, args, timeout_s: timeoutS }, controller) {
  const timeoutMs = timeoutS === undefined ? undefined : timeoutS * 1000;
  try {
    const options = { timeoutMs, signal: controller.signal };
    const writeUpdate = (update) => write({ id, update });
    await write({ id, ok: await OPERATIONS[op](client, args, options, writeUpdate) });
  } catch (error) {
    await write({ id, error: errorOf(error, controller.signal.aborted) });
  } finally {
    inFlight.delete(id);
  }
}

process.stdout.setMaxListeners(0);
for await (const line of createInterface({ input: process.stdin })) {
  const request = parse(line);
  if (request.op === "close") {
    client.close();
    // Each operation ends by itself, and writes its error.
    await Promise.all([...inFlight.values()].map(({ ended }) => ended));
    await write({ id: request.id, ok: {} });
    break;
  }
  if (request.op === "cancel") {
    inFlight.get(request.args.target)?.controller.abort();
    await write({ id: request.id, ok: {} });
  } else {
    start(request);
  }
}
process.exitCode = 0;
process.stdin.destroy();
