package io.leaderboard.driver;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.leaderboard.client.LeaderboardClient;
import io.leaderboard.client.UsersChanged;
import io.leaderboard.client.WatchOptions;
import io.leaderboard.client.WatchState;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/** The operations of a scenario; many run at once. */
final class Operations {
  private final LeaderboardClient client;
  private final Replies replies;
  private final Map<String, BiConsumer<JsonElement, Arguments>> calls = new HashMap<>();
  private final Map<Long, CompletableFuture<?>> running = new ConcurrentHashMap<>();
  private final Map<Long, CompletableFuture<?>> replied = new ConcurrentHashMap<>();

  Operations(LeaderboardClient client, Replies replies) {
    this.client = client;
    this.replies = replies;
    addScores();
    addContests();
    addUsers();
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

  private void addScores() {
    add("update", Arguments::update, client::updateScore, client::updateScore, Results::update);
    add(
        "batch",
        Arguments::updates,
        client::batchUpdateScores,
        client::batchUpdateScores,
        Results::batch);
    add("top", Arguments::topUsers, client::getTopUsers, client::getTopUsers, Results::topUsers);
    add("rank", Arguments::userRank, client::getUserRank, client::getUserRank, Results::userRank);
    add(
        "user_ranks",
        Arguments::userRanks,
        client::batchGetUserRanks,
        client::batchGetUserRanks,
        Results::userRanks);
    add(
        "score_rank",
        Arguments::scoreRank,
        client::getScoreRank,
        client::getScoreRank,
        Results::scoreRank);
  }

  private void addContests() {
    add(
        "create_contest",
        Arguments::contestSettings,
        client::createContest,
        client::createContest,
        ContestResults::contest);
    add(
        "get_contest",
        Arguments::contestId,
        client::getContest,
        client::getContest,
        ContestResults::contest);
    add(
        "update_contest",
        Arguments::contestUpdate,
        client::updateContest,
        client::updateContest,
        ContestResults::contest);
    add(
        "list_contests",
        Arguments::contests,
        query -> blocking(() -> ContestResults.contests(client.listContests(query))),
        (query, timeout) ->
            blocking(() -> ContestResults.contests(client.listContests(query, timeout))),
        Function.identity());
    add(
        "reset_contest",
        Function.identity(),
        args -> client.resetContest(args.contestId(), args.season()),
        (args, timeout) -> client.resetContest(args.contestId(), args.season(), timeout),
        ContestResults::contest);
    add(
        "list_seasons",
        Arguments::seasons,
        query -> blocking(() -> ContestResults.seasons(client.listSeasons(query))),
        (query, timeout) ->
            blocking(() -> ContestResults.seasons(client.listSeasons(query, timeout))),
        Function.identity());
    add(
        "delete_contest",
        Function.identity(),
        args -> client.deleteContest(args.contestId(), args.epoch()),
        (args, timeout) -> client.deleteContest(args.contestId(), args.epoch(), timeout),
        nothing -> new JsonObject());
  }

  private void addUsers() {
    addChange("remove_users", client::removeUsers, client::removeUsers);
    addChange("hide_users", client::hideUsers, client::hideUsers);
    addChange("unhide_users", client::unhideUsers, client::unhideUsers);
    add(
        "hidden_users",
        Arguments::hiddenUsers,
        query -> blocking(() -> ContestResults.hidden(client.listHiddenUsers(query))),
        (query, timeout) ->
            blocking(() -> ContestResults.hidden(client.listHiddenUsers(query, timeout))),
        Function.identity());
    add(
        "erase_user",
        args -> args.text("user_id"),
        user -> blocking(() -> ContestResults.erased(client.eraseUser(user))),
        (user, timeout) ->
            blocking(() -> ContestResults.erased(client.eraseUser(user, "", timeout))),
        Function.identity());
  }

  /** Adds a call that changes users of a contest. */
  private void addChange(
      String op,
      BiFunction<String, List<String>, CompletableFuture<UsersChanged>> call,
      ChangeWithTimeout callWithTimeout) {
    add(
        op,
        Function.identity(),
        args -> call.apply(args.contestId(), args.texts("user_ids")),
        (args, timeout) ->
            callWithTimeout.start(args.contestId(), args.texts("user_ids"), timeout),
        ContestResults::changed);
  }

  /** A call that changes users of a contest. */
  private interface ChangeWithTimeout {
    CompletableFuture<UsersChanged> start(
        String contestId, List<String> userIds, Duration timeout);
  }

  /** Adds a call, which gets the timeout of its request if that has one. */
  private <Q, T> void add(
      String op,
      Function<Arguments, Q> query,
      Function<Q, CompletableFuture<T>> call,
      BiFunction<Q, Duration, CompletableFuture<T>> callWithTimeout,
      Function<T, JsonObject> result) {
    calls.put(
        op,
        (id, args) -> {
          Q asked = query.apply(args);
          Duration timeout = args.timeout();
          replyWith(
              id,
              timeout == null ? call.apply(asked) : callWithTimeout.apply(asked, timeout),
              result);
        });
  }

  /** Iterates over pages, on a thread of its own since that blocks. */
  private static CompletableFuture<JsonObject> blocking(Supplier<JsonObject> pages) {
    return CompletableFuture.supplyAsync(pages);
  }

  private void start(JsonElement id, String op, Arguments args) {
    switch (op) {
      case "storm" -> replyWith(id, new Storm(client, args).start(), Function.identity());
      case "buffer" -> replyWith(id, BufferedStorm.start(client, args), Function.identity());
      case "watch" -> watch(id, args.watch());
      case "cancel" -> {
        running.get(args.number("target")).cancel(true);
        replies.ok(id, new JsonObject());
      }
      default -> {
        if (!calls.containsKey(op)) {
          throw new IllegalArgumentException("unknown operation: " + op);
        }
        calls.get(op).accept(id, args);
      }
    }
  }

  private void watch(JsonElement id, WatchOptions options) {
    AtomicReference<WatchState> last = new AtomicReference<>();
    CompletableFuture<Void> done =
        client
            .watchContest(options)
            .consume(
                update -> {
                  last.set(update.state());
                  replies.update(id, Results.watchUpdate(update));
                });
    replyWith(id, done, nothing -> Results.watchEnd(last.get()));
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
