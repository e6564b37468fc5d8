package io.leaderboard.driver;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.leaderboard.client.ContestSettings;
import io.leaderboard.client.ContestState;
import io.leaderboard.client.ContestUpdate;
import io.leaderboard.client.ContestsQuery;
import io.leaderboard.client.HiddenUsersQuery;
import io.leaderboard.client.Position;
import io.leaderboard.client.ResetSchedule;
import io.leaderboard.client.ScoreRankQuery;
import io.leaderboard.client.ScoreUpdate;
import io.leaderboard.client.SeasonsQuery;
import io.leaderboard.client.TopUsersQuery;
import io.leaderboard.client.UpdateMode;
import io.leaderboard.client.UserRankQuery;
import io.leaderboard.client.UserRanksQuery;
import io.leaderboard.client.WatchOptions;
import io.leaderboard.client.WatchScope;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The arguments of a scenario's request. */
final class Arguments {
  private final JsonElement timeout;
  private final JsonObject args;

  Arguments(JsonObject request) {
    this.timeout = request.get("timeout_s");
    this.args = request.has("args") ? request.getAsJsonObject("args") : new JsonObject();
  }

  /** Returns the timeout of the whole call; null for the client's default. */
  Duration timeout() {
    return timeout == null || timeout.isJsonNull() ? null : seconds(timeout);
  }

  String text(String name) {
    return args.get(name).getAsString();
  }

  long number(String name) {
    return exact(args.get(name));
  }

  List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    args.getAsJsonArray(name).forEach(text -> texts.add(text.getAsString()));
    return texts;
  }

  String contestId() {
    return text("contest_id");
  }

  ScoreUpdate update() {
    return scoreUpdate(args);
  }

  List<ScoreUpdate> updates() {
    List<ScoreUpdate> updates = new ArrayList<>();
    args.getAsJsonArray("updates")
        .forEach(each -> updates.add(scoreUpdate(each.getAsJsonObject())));
    return updates;
  }

  TopUsersQuery topUsers() {
    TopUsersQuery.Builder query = TopUsersQuery.builder(contestId());
    ifPresent(args, "limit", limit -> query.limit(limit.getAsInt()));
    ifPresent(args, "start_rank", rank -> query.startRank(rank.getAsInt()));
    ifPresent(args, "min_position", position -> query.minPosition(position(position)));
    ifPresent(args, "season", season -> query.season(season.getAsInt()));
    return query.build();
  }

  UserRankQuery userRank() {
    UserRankQuery.Builder query = UserRankQuery.builder(contestId(), text("user_id"));
    ifPresent(args, "neighbors", neighbors -> query.neighbors(neighbors.getAsInt()));
    ifPresent(args, "around", around -> query.around(around.getAsInt()));
    ifPresent(args, "min_position", position -> query.minPosition(position(position)));
    ifPresent(args, "season", season -> query.season(season.getAsInt()));
    return query.build();
  }

  UserRanksQuery userRanks() {
    UserRanksQuery.Builder query = UserRanksQuery.builder(contestId(), texts("user_ids"));
    ifPresent(args, "min_position", position -> query.minPosition(position(position)));
    ifPresent(args, "season", season -> query.season(season.getAsInt()));
    return query.build();
  }

  ScoreRankQuery scoreRank() {
    ScoreRankQuery.Builder query = ScoreRankQuery.builder(contestId(), number("score"));
    ifPresent(args, "around", around -> query.around(around.getAsInt()));
    ifPresent(args, "min_position", position -> query.minPosition(position(position)));
    ifPresent(args, "season", season -> query.season(season.getAsInt()));
    return query.build();
  }

  ContestSettings contestSettings() {
    ContestSettings.Builder settings = ContestSettings.builder(contestId());
    ifPresent(args, "display_name", name -> settings.displayName(name.getAsString()));
    ifPresent(args, "rules", rules -> settings.rules(Rules.of(rules.getAsJsonObject())));
    ifPresent(args, "starts_at", time -> settings.startsAt(time(time)));
    ifPresent(args, "ends_at", time -> settings.endsAt(time(time)));
    ifPresent(args, "expire_after", time -> settings.expireAfter(seconds(time)));
    ifPresent(args, "reset_schedule", times -> settings.resetSchedule(schedule(times)));
    ifPresent(args, "keep_seasons", number -> settings.keepSeasons(number.getAsInt()));
    return settings.build();
  }

  ContestUpdate contestUpdate() {
    ContestUpdate.Builder update = ContestUpdate.builder(contestId());
    ifPresent(args, "display_name", name -> update.displayName(name.getAsString()));
    ifPresent(args, "rules", rules -> Rules.change(rules.getAsJsonObject(), update));
    change("starts_at", time -> update.startsAt(time(time)), update::clearStartsAt);
    change("ends_at", time -> update.endsAt(time(time)), update::clearEndsAt);
    change("expire_after", time -> update.expireAfter(seconds(time)), update::clearExpireAfter);
    change(
        "reset_schedule",
        times -> update.resetSchedule(schedule(times)),
        update::clearResetSchedule);
    change(
        "keep_seasons",
        number -> update.keepSeasons(number.getAsInt()),
        update::clearKeepSeasons);
    return update.build();
  }

  ContestsQuery contests() {
    ContestsQuery.Builder query = ContestsQuery.builder();
    ifPresent(args, "id_prefix", prefix -> query.idPrefix(prefix.getAsString()));
    ifPresent(args, "state", state -> query.state(ContestState.valueOf(state.getAsString())));
    ifPresent(args, "page_size", size -> query.pageSize(size.getAsInt()));
    return query.build();
  }

  SeasonsQuery seasons() {
    SeasonsQuery.Builder query = SeasonsQuery.builder(contestId());
    ifPresent(args, "page_size", size -> query.pageSize(size.getAsInt()));
    return query.build();
  }

  /** Returns the season that is meant; 0 for the current one. */
  int season() {
    return args.has("season") ? args.get("season").getAsInt() : 0;
  }

  HiddenUsersQuery hiddenUsers() {
    HiddenUsersQuery.Builder query = HiddenUsersQuery.builder(contestId());
    ifPresent(args, "page_size", size -> query.pageSize(size.getAsInt()));
    return query.build();
  }

  /** Returns the epoch that is meant; empty for any. */
  String epoch() {
    return args.has("epoch") ? text("epoch") : "";
  }

  WatchOptions watch() {
    WatchOptions.Builder options = WatchOptions.builder(contestId());
    ifPresent(args, "limit", limit -> options.limit(limit.getAsInt()));
    ifPresent(args, "user_ids", users -> options.users(texts("user_ids")));
    ifPresent(args, "scope", scope -> options.scope(WatchScope.valueOf(scope.getAsString())));
    ifPresent(args, "min_interval_s", interval -> options.minInterval(seconds(interval)));
    return options.build();
  }

  private static ScoreUpdate scoreUpdate(JsonObject args) {
    ScoreUpdate.Builder update =
        ScoreUpdate.builder(
            args.get("contest_id").getAsString(), args.get("user_id").getAsString());
    ifPresent(args, "points", points -> update.points(exact(points)));
    ifPresent(args, "mode", mode -> update.mode(UpdateMode.valueOf(mode.getAsString())));
    ifPresent(args, "request_id", id -> update.requestId(id.getAsString()));
    ifPresent(args, "event_type", type -> update.eventType(type.getAsString()));
    ifPresent(args, "event_time", time -> update.eventTime(time(time)));
    ifPresent(args, "display_name", name -> update.displayName(name.getAsString()));
    ifPresent(args, "attributes", all -> update.attributes(attributes(all.getAsJsonObject())));
    ifPresent(args, "season", season -> update.season(season.getAsInt()));
    ifPresent(
        args,
        "clear_display_name",
        clear -> {
          if (clear.getAsBoolean()) {
            update.clearDisplayName();
          }
        });
    return update.build();
  }

  private static ResetSchedule schedule(JsonElement times) {
    JsonObject parts = times.getAsJsonObject();
    String cron = parts.get("cron").getAsString();
    return parts.has("time_zone")
        ? ResetSchedule.of(cron, parts.get("time_zone").getAsString())
        : ResetSchedule.of(cron);
  }

  private static Map<String, String> attributes(JsonObject json) {
    Map<String, String> attributes = new HashMap<>();
    json.entrySet().forEach(each -> attributes.put(each.getKey(), each.getValue().getAsString()));
    return attributes;
  }

  private static Position position(JsonElement position) {
    JsonObject parts = position.getAsJsonObject();
    return new Position(parts.get("epoch").getAsString(), exact(parts.get("revision")));
  }

  /** Sets a setting that is given, and clears one that is null. */
  private void change(String name, Consumer<JsonElement> set, Runnable clear) {
    if (args.has(name) && args.get(name).isJsonNull()) {
      clear.run();
    }
    ifPresent(args, name, set);
  }

  private static void ifPresent(JsonObject args, String name, Consumer<JsonElement> action) {
    JsonElement value = args.get(name);
    if (value != null && !value.isJsonNull()) {
      action.accept(value);
    }
  }

  static long exact(JsonElement number) {
    return number.getAsBigDecimal().longValueExact();
  }

  private static Instant time(JsonElement text) {
    return OffsetDateTime.parse(text.getAsString()).toInstant();
  }

  private static Duration seconds(JsonElement number) {
    return Duration.ofNanos((long) (number.getAsDouble() * 1e9));
  }
}
