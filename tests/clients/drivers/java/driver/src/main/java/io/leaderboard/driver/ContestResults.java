package io.leaderboard.driver;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.leaderboard.client.Contest;

/** Converts contests to JSON, with the names of the contract. */
final class ContestResults {
  private ContestResults() {}

  static JsonObject contest(Contest contest) {
    JsonObject json = new JsonObject();
    json.addProperty("contest_id", contest.contestId());
    json.addProperty("display_name", contest.displayName());
    json.add("rules", Rules.changed(contest.rules()));
    json.addProperty("total_users", contest.totalUsers());
    json.add("position", Results.position(contest.position()));
    return json;
  }

  static JsonObject contests(Iterable<Contest> contests) {
    JsonArray all = new JsonArray();
    contests.forEach(contest -> all.add(contest(contest)));
    JsonObject json = new JsonObject();
    json.add("contests", all);
    return json;
  }
}
