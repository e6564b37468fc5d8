// Follows a contest until Ctrl-C: node examples/watch.mjs HOST:PORT CONTEST [LIMIT]
import { Client } from "@leaderboard/client";

const [address, contestId, limit = "10"] = process.argv.slice(2);
const client = new Client(address);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
try {
  const options = { limit: Number(limit), signal: stop.signal };
  for await (const { state, rows, trouble } of client.watch(contestId, options)) {
    const board = rows.map(({ rank, userId, score }) => `${rank}. ${userId} ${score}`);
    console.log([state, ...board, trouble?.message].filter(Boolean).join("  "));
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
} finally {
  client.close();
}
