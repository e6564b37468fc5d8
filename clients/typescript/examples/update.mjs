// Adds points to a user's score: node examples/update.mjs HOST:PORT CONTEST USER POINTS
import { Client } from "@leaderboard/client";

const [address, contestId, userId, points] = process.argv.slice(2);
const client = new Client(address);
try {
  const { user } = await client.updateScore({ contestId, userId, points: BigInt(points) });
  console.log(`${user.userId} has ${user.score} points and rank ${user.rank}`);
} finally {
  client.close();
}
