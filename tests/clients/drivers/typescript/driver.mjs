// Does what it is told, line by line, through the TypeScript client.

import { once } from "node:events";
import { createInterface } from "node:readline";

import { Client } from "../../../../clients/typescript/dist/index.js";
import { failure } from "./responses.mjs";
import { parse, stringify } from "./exact-json.mjs";
import { OPERATIONS } from "./operations.mjs";

const client = new Client(process.argv[2]);
const underWay = new Map();

async function say(line) {
  if (!process.stdout.write(`${stringify(line)}\n`)) {
    await once(process.stdout, "drain");
  }
}

async function run({ id, op, args, timeout_s: timeoutS }) {
  const controller = new AbortController();
  const timeoutMs = timeoutS === undefined ? undefined : timeoutS * 1000;
  underWay.set(id, controller);
  try {
    const options = { timeoutMs, signal: controller.signal };
    const tell = (update) => say({ id, update });
    await say({ id, ok: await OPERATIONS[op](client, args, options, tell) });
  } catch (error) {
    await say({ id, error: failure(error, controller.signal.aborted) });
  } finally {
    underWay.delete(id);
  }
}

process.stdout.setMaxListeners(0);
for await (const line of createInterface({ input: process.stdin })) {
  const request = parse(line);
  if (request.op === "close") {
    client.close();
    await say({ id: request.id, ok: {} });
    break;
  }
  if (request.op === "cancel") {
    underWay.get(request.args.target)?.abort();
    await say({ id: request.id, ok: {} });
  } else {
    void run(request);
  }
}
process.exitCode = 0;
process.stdin.destroy();
