import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.ScoreUpdate;
import io.leaderboard.client.UpdateResult;

/** Adds points to a score: HOST:PORT CONTEST USER POINTS. */
public class Update {
  /** Runs the example. */
  public static void main(String[] args) {
    try (LeaderboardClient client = LeaderboardClient.of(args[0])) {
      ScoreUpdate update = ScoreUpdate.of(args[1], args[2], Long.parseLong(args[3]));
      UpdateResult result = client.updateScore(update).join();
      System.out.println(
          args[2] + " has score " + result.user().score() + ", rank " + result.user().rank());
    }
  }
}
