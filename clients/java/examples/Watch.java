import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.RankedUser;
import io.leaderboard.client.WatchUpdate;
import java.util.concurrent.CompletionException;

/** Prints a contest's first ten ranks whenever they change, until Ctrl+C: HOST:PORT CONTEST. */
public class Watch {
  /** Runs the example. */
  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: Watch HOST:PORT CONTEST");
      System.exit(2);
    }
    try (LeaderboardClient client = LeaderboardClient.of(args[0])) {
      client.watchContest(args[1]).consume(Watch::print).join();
    } catch (CompletionException e) {
      System.err.println(e.getCause().getMessage());
      System.exit(1);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
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
