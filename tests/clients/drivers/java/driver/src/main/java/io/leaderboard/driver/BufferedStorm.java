package io.leaderboard.driver;

import com.google.gson.JsonObject;
import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.ScoreBuffer;
import io.leaderboard.client.ScoreUpdate;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Many updates of a few users, sent through a score buffer. */
final class BufferedStorm {
  private BufferedStorm() {}

  /** Starts, and returns the future of the counts, which completes once the buffer is closed. */
  static CompletableFuture<JsonObject> start(LeaderboardClient client, Arguments args) {
    CompletableFuture<JsonObject> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                done.complete(run(client, args, done));
              } catch (InterruptedException | RuntimeException e) {
                done.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  private static JsonObject run(
      LeaderboardClient client, Arguments args, CompletableFuture<?> done)
      throws InterruptedException {
    List<String> users = args.texts("users");
    long count = args.number("count");
    ScoreBuffer buffer = client.scoreBuffer();
    try (buffer) {
      for (long i = 0; i < count && !done.isDone(); i++) {
        String user = users.get((int) (i % users.size()));
        buffer.add(
            ScoreUpdate.builder(args.contestId(), user)
                .points(args.number("points"))
                .season(args.season())
                .build());
      }
    }
    JsonObject counts = new JsonObject();
    counts.addProperty("acknowledged", buffer.acknowledged());
    counts.addProperty("refused", buffer.refused());
    return counts;
  }
}
