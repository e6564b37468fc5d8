import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.RankedUser;
import io.leaderboard.client.TopUsers;
import java.util.concurrent.CompletionException;

/** Prints the first ten ranks: HOST:PORT CONTEST. */
public class Top {
  /** Runs the example. */
  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: Top HOST:PORT CONTEST");
      System.exit(2);
    }
    try (LeaderboardClient client = LeaderboardClient.of(args[0])) {
      TopUsers top = client.getTopUsers(args[1], 10).join();
      for (RankedUser user : top.users()) {
        System.out.println(user.rank() + ". " + user.userId() + " " + user.score());
      }
      System.out.println(top.totalUsers() + " in all");
    } catch (CompletionException e) {
      System.err.println(e.getCause().getMessage());
      System.exit(1);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }
}
