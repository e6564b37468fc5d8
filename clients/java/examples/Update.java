import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.ScoreUpdate;
import io.leaderboard.client.UpdateResult;
import java.util.concurrent.CompletionException;

/** Adds points to a score: HOST:PORT CONTEST USER POINTS. */
public class Update {
  /** Runs the example. */
  public static void main(String[] args) {
    if (args.length != 4 || !args[3].matches("-?\\d{1,16}")) {
      System.err.println("usage: Update HOST:PORT CONTEST USER POINTS");
      System.exit(2);
    }
    try (LeaderboardClient client = LeaderboardClient.of(args[0])) {
      ScoreUpdate update = ScoreUpdate.of(args[1], args[2], Long.parseLong(args[3]));
      UpdateResult result = client.updateScore(update).join();
      System.out.println(
          args[2] + " has score " + result.user().score() + ", rank " + result.user().rank());
    } catch (CompletionException e) {
      System.err.println(e.getCause().getMessage());
      System.exit(1);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }
}
