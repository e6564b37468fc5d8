package io.leaderboard.driver;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.leaderboard.client.Contest;
import io.leaderboard.client.ErasedPart;
import io.leaderboard.client.HiddenUser;
import io.leaderboard.client.ResetSchedule;
import io.leaderboard.client.Season;
import io.leaderboard.client.UsersChanged;
import java.time.Instant;
import java.util.SortedMap;
import java.util.TreeMap;

/** Converts contests and their users to JSON, with the names of the contract. */
final class ContestResults {
  private ContestResults() {}

  static JsonObject contest(Contest contest) {
    JsonObject json = new JsonObject();
    json.addProperty("contest_id", contest.contestId());
    json.addProperty("display_name", contest.displayName());
    json.add("rules", Rules.changed(contest.rules()));
    json.addProperty("state", contest.state().name());
    contest.startsAt().ifPresent(time -> json.addProperty("starts_at", time.toString()));
    contest.endsAt().ifPresent(time -> json.addProperty("ends_at", time.toString()));
    contest
        .expireAfter()
        .ifPresent(time -> json.addProperty("expire_after", time.toNanos() / 1e9));
    contest.resetSchedule().ifPresent(times -> json.add("reset_schedule", schedule(times)));
    contest.keepSeasons().ifPresent(number -> json.addProperty("keep_seasons", number));
    contest.nextResetAt().ifPresent(time -> json.addProperty("next_reset_at", time.toString()));
    json.addProperty("season", contest.season());
    json.addProperty("total_users", contest.totalUsers());
    json.add("position", Results.position(contest.position()));
    return json;
  }

  static JsonObject changed(UsersChanged changed) {
    JsonObject json = new JsonObject();
    json.addProperty("count", changed.count());
    json.add("position", Results.position(changed.position()));
    return json;
  }

  /** Returns all hidden users, by their ids. */
  static JsonObject hidden(Iterable<HiddenUser> users) {
    SortedMap<String, JsonObject> byId = new TreeMap<>();
    users.forEach(user -> byId.put(user.userId(), hidden(user)));
    JsonArray all = new JsonArray();
    byId.values().forEach(all::add);
    JsonObject json = new JsonObject();
    json.add("users", all);
    return json;
  }

  /** Returns how many contests all parts together changed. */
  static JsonObject erased(Iterable<ErasedPart> parts) {
    int changed = 0;
    for (ErasedPart part : parts) {
      changed += part.contestsChanged();
    }
    JsonObject json = new JsonObject();
    json.addProperty("contests_changed", changed);
    return json;
  }

  private static JsonObject hidden(HiddenUser user) {
    JsonObject json = new JsonObject();
    json.addProperty("user_id", user.userId());
    json.addProperty(
        "score", user.score().isPresent() ? user.score().getAsLong() : null);
    json.addProperty("display_name", user.displayName());
    json.add("attributes", Results.attributes(user.attributes()));
    return json;
  }

  static JsonObject contests(Iterable<Contest> contests) {
    JsonArray all = new JsonArray();
    contests.forEach(contest -> all.add(contest(contest)));
    JsonObject json = new JsonObject();
    json.add("contests", all);
    return json;
  }

  static JsonObject seasons(Iterable<Season> seasons) {
    JsonArray all = new JsonArray();
    seasons.forEach(season -> all.add(season(season)));
    JsonObject json = new JsonObject();
    json.add("seasons", all);
    return json;
  }

  private static JsonObject season(Season season) {
    JsonObject json = new JsonObject();
    json.addProperty("number", season.number());
    json.addProperty("started_at", season.startedAt().map(Instant::toString).orElse(null));
    json.addProperty("ended_at", season.endedAt().map(Instant::toString).orElse(null));
    json.addProperty("total_users", season.totalUsers());
    json.add("position", Results.position(season.position()));
    return json;
  }

  private static JsonObject schedule(ResetSchedule schedule) {
    JsonObject json = new JsonObject();
    json.addProperty("cron", schedule.cron());
    json.addProperty("time_zone", schedule.timeZone());
    return json;
  }
}
