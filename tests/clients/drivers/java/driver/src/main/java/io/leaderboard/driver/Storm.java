package io.leaderboard.driver;

import com.google.gson.JsonObject;
import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.ScoreUpdate;
import io.leaderboard.client.UpdateResult;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Many updates of a few users, sent in single calls with limited concurrency. */
final class Storm {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final LeaderboardClient client;
  private final String contestId;
  private final List<String> users;
  private final long count;
  private final long concurrency;
  private final long points;
  private final AtomicLong started = new AtomicLong();
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong replayed = new AtomicLong();
  private final Set<CompletableFuture<?>> calls = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<JsonObject> done = new CompletableFuture<>();

  Storm(LeaderboardClient client, Arguments args) {
    this.client = client;
    this.contestId = args.text("contest_id");
    this.users = args.texts("users");
    this.count = args.number("count");
    this.concurrency = args.number("concurrency");
    this.points = args.number("points");
  }

  /** Starts, and returns the future of the counts; cancelling it cancels all calls. */
  CompletableFuture<JsonObject> start() {
    done.whenComplete((result, error) -> calls.forEach(call -> call.cancel(true)));
    for (long i = 0; i < concurrency; i++) {
      next();
    }
    return done;
  }

  private void next() {
    long number = started.getAndIncrement();
    if (number >= count || done.isDone()) {
      return;
    }
    String user = users.get((int) (number % users.size()));
    CompletableFuture<UpdateResult> call =
        client.updateScore(ScoreUpdate.of(contestId, user, points), TIMEOUT);
    calls.add(call);
    call.whenCompleteAsync(
        (result, error) -> {
          calls.remove(call);
          if (error == null) {
            onResult(result);
          } else {
            done.completeExceptionally(error);
          }
        });
  }

  private void onResult(UpdateResult result) {
    if (result.replayed()) {
      replayed.incrementAndGet();
    }
    if (acknowledged.incrementAndGet() == count) {
      JsonObject counts = new JsonObject();
      counts.addProperty("acknowledged", acknowledged.get());
      counts.addProperty("replayed", replayed.get());
      done.complete(counts);
    }
    next();
  }
}
