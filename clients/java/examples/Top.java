import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.RankedUser;
import io.leaderboard.client.TopUsers;

/** Prints the first ten ranks: HOST:PORT CONTEST. */
public class Top {
  /** Runs the example. */
  public static void main(String[] args) {
    try (LeaderboardClient client = LeaderboardClient.of(args[0])) {
      TopUsers top = client.getTopUsers(args[1], 10).join();
      for (RankedUser user : top.users()) {
        System.out.println(user.rank() + ". " + user.userId() + " " + user.score());
      }
      System.out.println(top.totalUsers() + " in all");
    }
  }
}
