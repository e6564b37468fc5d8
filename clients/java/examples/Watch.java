import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.RankedUser;
import io.leaderboard.client.WatchUpdate;

/** Prints a contest's first ten ranks whenever they change, until Ctrl+C: HOST:PORT CONTEST. */
public class Watch {
  /** Runs the example. */
  public static void main(String[] args) {
    try (LeaderboardClient client = LeaderboardClient.of(args[0])) {
      client.watchContest(args[1]).consume(Watch::print).join();
    }
  }

  private static void print(WatchUpdate update) {
    String why = update.trouble().map(trouble -> " (" + trouble.getMessage() + ")").orElse("");
    System.out.println("-- " + update.state() + why);
    for (RankedUser user : update.rows()) {
      System.out.println(user.rank() + ". " + user.userId() + " " + user.score());
    }
  }
}
