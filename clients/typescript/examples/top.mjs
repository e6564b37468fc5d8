// Shows the first ranks of a contest: node examples/top.mjs HOST:PORT CONTEST [LIMIT]
import { Client } from "@leaderboard/client";

async function main(address, contestId, limit = "10") {
  if (!contestId) throw new Error("usage: node examples/top.mjs HOST:PORT CONTEST [LIMIT]");
  const client = new Client(address);
  try {
    const { users, totalUsers } = await client.getTopUsers(contestId, { limit: Number(limit) });
    for (const { rank, userId, score } of users) {
      console.log(`${rank}. ${userId} ${score}`);
    }
    console.log(`${totalUsers} users in all`);
  } finally {
    client.close();
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
