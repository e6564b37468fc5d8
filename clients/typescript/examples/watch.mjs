// Watches a contest until Ctrl-C: node examples/watch.mjs HOST:PORT CONTEST [LIMIT]
import { Client } from "@leaderboard/client";

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

async function main(address, contestId, limit = "10") {
  if (!contestId) throw new Error("usage: node examples/watch.mjs HOST:PORT CONTEST [LIMIT]");
  const client = new Client(address);
  try {
    const options = { limit: Number(limit), signal: stop.signal };
    for await (const { state, rows, trouble } of client.watch(contestId, options)) {
      const board = rows.map(({ rank, userId, score }) => `${rank}. ${userId} ${score}`);
      console.log([state, ...board, trouble?.message].filter(Boolean).join("  "));
    }
  } finally {
    client.close();
  }
}

main(...process.argv.slice(2)).catch((error) => {
  if (stop.signal.aborted) return;
  console.error(error.message);
  process.exitCode = 1;
});
