// Adds points to a user's score: node examples/update.mjs HOST:PORT CONTEST USER POINTS
import { Client } from "@leaderboard/client";

async function main(address, contestId, userId, points) {
  if (!points) throw new Error("usage: node examples/update.mjs HOST:PORT CONTEST USER POINTS");
  const client = new Client(address);
  try {
    const { user } = await client.updateScore({ contestId, userId, points: BigInt(points) });
    console.log(`${user.userId} has ${user.score} points and rank ${user.rank}`);
  } finally {
    client.close();
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
