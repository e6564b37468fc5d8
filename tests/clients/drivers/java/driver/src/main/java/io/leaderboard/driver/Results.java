package io.leaderboard.driver;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.leaderboard.client.BatchResult;
import io.leaderboard.client.Position;
import io.leaderboard.client.RankedUser;
import io.leaderboard.client.ScoreChange;
import io.leaderboard.client.ScoreRank;
import io.leaderboard.client.TopUsers;
import io.leaderboard.client.UpdateResult;
import io.leaderboard.client.UserRank;
import io.leaderboard.client.UserRanks;
import io.leaderboard.client.WatchState;
import io.leaderboard.client.WatchUpdate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Converts the results of the client to JSON, with the names of the contract. */
final class Results {
  private static final JsonFormat.Printer MESSAGES =
      JsonFormat.printer().preservingProtoFieldNames().omittingInsignificantWhitespace();

  private Results() {}

  static JsonObject update(UpdateResult result) {
    JsonObject json = new JsonObject();
    json.add("user", user(result.user()));
    json.addProperty("previous_score", result.previousScore());
    json.addProperty("previous_rank", result.previousRank());
    json.addProperty("previous_place", result.previousPlace());
    json.addProperty("applied", result.applied());
    json.addProperty("replayed", result.replayed());
    json.add("position", position(result.position()));
    return json;
  }

  static JsonObject batch(List<BatchResult> batch) {
    JsonArray results = new JsonArray();
    for (BatchResult each : batch) {
      JsonObject json = new JsonObject();
      if (each instanceof BatchResult.Success success) {
        json.add("ok", update(success.result()));
      } else if (each instanceof BatchResult.Failure failure) {
        json.add("error", Errors.error(failure.error()));
      }
      results.add(json);
    }
    JsonObject json = new JsonObject();
    json.add("results", results);
    return json;
  }

  static JsonObject topUsers(TopUsers top) {
    JsonObject json = new JsonObject();
    json.add("users", users(top.users()));
    json.addProperty("total_users", top.totalUsers());
    json.add("position", position(top.position()));
    return json;
  }

  static JsonObject userRank(UserRank rank) {
    JsonObject json = new JsonObject();
    json.add("user", user(rank.user()));
    json.add("neighbors", users(rank.neighbors()));
    json.add("around", users(rank.around()));
    json.addProperty("total_users", rank.totalUsers());
    json.addProperty("percentile", rank.percentile());
    json.add("position", position(rank.position()));
    return json;
  }

  static JsonObject userRanks(UserRanks ranks) {
    JsonArray missing = new JsonArray();
    ranks.missingUserIds().forEach(missing::add);
    JsonObject json = new JsonObject();
    json.add("users", users(ranks.users()));
    json.add("missing_user_ids", missing);
    json.addProperty("total_users", ranks.totalUsers());
    json.add("position", position(ranks.position()));
    return json;
  }

  static JsonObject scoreRank(ScoreRank rank) {
    JsonObject json = new JsonObject();
    json.addProperty("rank", rank.rank());
    json.addProperty("place", rank.place());
    json.add("around", users(rank.around()));
    json.addProperty("total_users", rank.totalUsers());
    json.add("position", position(rank.position()));
    return json;
  }

  static JsonObject watchUpdate(WatchUpdate update) {
    JsonArray rows = new JsonArray();
    for (RankedUser user : update.rows()) {
      JsonArray row = new JsonArray();
      row.add(user.userId());
      row.add(user.score());
      row.add(user.rank());
      row.add(user.displayName());
      row.add(user.place());
      rows.add(row);
    }
    JsonArray changes = new JsonArray();
    update.changes().forEach(each -> changes.add(change(each)));
    JsonObject json = new JsonObject();
    json.addProperty("state", update.state().name());
    json.add("rows", rows);
    json.addProperty("total_users", orNull(update.totalUsers()));
    json.addProperty("season", orNull(update.season()));
    json.add("position", update.position().map(Results::position).orElse(null));
    json.add("changes", changes);
    json.add("trouble", update.trouble().map(Errors::error).orElse(null));
    json.add(
        "message",
        update.message().isPresent() ? message(update.message().get()) : JsonNull.INSTANCE);
    json.addProperty(
        "snapshot_reason",
        update.snapshotReason().map(reason -> "SNAPSHOT_REASON_" + reason).orElse(null));
    return json;
  }

  /** Returns the result of a watch that ended in a state, with the reason of the service. */
  static JsonObject watchEnd(WatchState state) {
    JsonObject json = new JsonObject();
    json.addProperty("end_reason", state == WatchState.OVER ? "CONTEST_OVER" : "CONTEST_DELETED");
    return json;
  }

  private static Integer orNull(OptionalInt number) {
    return number.isPresent() ? number.getAsInt() : null;
  }

  private static JsonObject change(ScoreChange change) {
    JsonObject json = new JsonObject();
    json.add("user", user(change.user()));
    json.addProperty("previous_rank", change.previousRank());
    json.addProperty("previous_place", change.previousPlace());
    json.addProperty("points", change.points());
    json.addProperty("event_type", change.eventType());
    json.addProperty("event_time", change.eventTime().map(Instant::toString).orElse(null));
    json.addProperty("removed", change.removed());
    return json;
  }

  private static JsonObject message(Message message) {
    try {
      return JsonParser.parseString(MESSAGES.print(message)).getAsJsonObject();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a message contains an unknown type", e);
    }
  }

  private static JsonArray users(List<RankedUser> users) {
    JsonArray json = new JsonArray();
    users.forEach(user -> json.add(user(user)));
    return json;
  }

  private static JsonObject user(RankedUser user) {
    JsonObject json = new JsonObject();
    json.addProperty("user_id", user.userId());
    json.addProperty("score", user.score());
    json.addProperty("rank", user.rank());
    json.addProperty("display_name", user.displayName());
    json.addProperty("place", user.place());
    json.add("attributes", attributes(user.attributes()));
    return json;
  }

  static JsonObject attributes(Map<String, String> attributes) {
    JsonObject json = new JsonObject();
    attributes.forEach(json::addProperty);
    return json;
  }

  static JsonObject position(Position position) {
    JsonObject json = new JsonObject();
    json.addProperty("epoch", position.epoch());
    json.addProperty("revision", position.revision());
    return json;
  }
}
