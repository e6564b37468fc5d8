package io.leaderboard.driver;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.ScoreUpdate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** The operations of a scenario; many run at once. */
final class Operations {
  private final LeaderboardClient client;
  private final Replies replies;
  private final Map<Long, CompletableFuture<?>> running = new ConcurrentHashMap<>();
  private final Map<Long, CompletableFuture<?>> replied = new ConcurrentHashMap<>();

  Operations(LeaderboardClient client, Replies replies) {
    this.client = client;
    this.replies = replies;
  }

  /** Starts an operation, and replies once it ends. */
  void run(JsonObject request) {
    JsonElement id = request.get("id");
    try {
      start(id, request.get("op").getAsString(), new Arguments(request));
    } catch (RuntimeException e) {
      replies.error(id, e);
    }
  }

  /** Waits until every operation has ended, and its reply is written. */
  void awaitEnd() {
    replied.values().forEach(CompletableFuture::join);
  }

  private void start(JsonElement id, String op, Arguments args) {
    Duration timeout = args.timeout();
    switch (op) {
      case "update" -> {
        ScoreUpdate update = args.update();
        replyWith(
            id,
            timeout == null ? client.updateScore(update) : client.updateScore(update, timeout),
            Results::update);
      }
      case "batch" -> {
        List<ScoreUpdate> updates = args.updates();
        replyWith(
            id,
            timeout == null
                ? client.batchUpdateScores(updates)
                : client.batchUpdateScores(updates, timeout),
            Results::batch);
      }
      case "top" ->
          replyWith(
              id,
              timeout == null
                  ? client.getTopUsers(args.topUsers())
                  : client.getTopUsers(args.topUsers(), timeout),
              Results::topUsers);
      case "rank" ->
          replyWith(
              id,
              timeout == null
                  ? client.getUserRank(args.userRank())
                  : client.getUserRank(args.userRank(), timeout),
              Results::userRank);
      case "storm" -> replyWith(id, new Storm(client, args).start(), Function.identity());
      case "buffer" -> replyWith(id, BufferedStorm.start(client, args), Function.identity());
      case "watch" ->
          replyWith(
              id,
              client
                  .watchContest(args.watch())
                  .consume(update -> replies.update(id, Results.watchUpdate(update))),
              nothing -> new JsonObject());
      case "cancel" -> {
        running.get(args.number("target")).cancel(true);
        replies.ok(id, new JsonObject());
      }
      default -> throw new IllegalArgumentException("unknown operation: " + op);
    }
  }

  private <T> void replyWith(
      JsonElement id, CompletableFuture<T> future, Function<T, JsonObject> result) {
    running.put(id.getAsLong(), future);
    replied.put(
        id.getAsLong(),
        future.handle(
            (value, error) -> {
              if (error == null) {
                replies.ok(id, result.apply(value));
              } else {
                replies.error(id, error);
              }
              return null;
            }));
  }
}
