package io.leaderboard.driver;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.leaderboard.client.ContestRules;
import io.leaderboard.client.ContestUpdate;
import io.leaderboard.client.Order;
import io.leaderboard.client.RankStyle;
import io.leaderboard.client.TieBreak;
import io.leaderboard.client.UpdateMode;
import java.util.function.LongConsumer;

/** Converts the rules of contests from and to JSON, with the names of the contract. */
final class Rules {
  private Rules() {}

  /** Reads the rules of a new contest; those that are missing have their defaults. */
  static ContestRules of(JsonObject json) {
    ContestRules.Builder rules = ContestRules.builder();
    for (String name : json.keySet()) {
      JsonElement value = json.get(name);
      switch (name) {
        case "order" -> rules.order(Order.valueOf(value.getAsString()));
        case "tie_break" -> rules.tieBreak(TieBreak.valueOf(value.getAsString()));
        case "rank_style" -> rules.rankStyle(RankStyle.valueOf(value.getAsString()));
        case "default_mode" -> rules.defaultMode(UpdateMode.valueOf(value.getAsString()));
        case "min_score" -> rules.minScore(Arguments.exact(value));
        case "max_score" -> rules.maxScore(Arguments.exact(value));
        case "max_points" -> rules.maxPoints(Arguments.exact(value));
        default -> throw new IllegalArgumentException("unknown rule: " + name);
      }
    }
    return rules.build();
  }

  /** Adds the rules that change to an update; null resets a rule to its default. */
  static void change(JsonObject json, ContestUpdate.Builder update) {
    for (String name : json.keySet()) {
      JsonElement value = json.get(name);
      switch (name) {
        case "order" -> update.order(choice(Order.class, value));
        case "tie_break" -> update.tieBreak(choice(TieBreak.class, value));
        case "rank_style" -> update.rankStyle(choice(RankStyle.class, value));
        case "default_mode" -> update.defaultMode(choice(UpdateMode.class, value));
        case "min_score" -> bound(value, update::minScore, update::clearMinScore);
        case "max_score" -> bound(value, update::maxScore, update::clearMaxScore);
        case "max_points" -> bound(value, update::maxPoints, update::clearMaxPoints);
        default -> throw new IllegalArgumentException("unknown rule: " + name);
      }
    }
  }

  /** Returns the rules that are not the default. */
  static JsonObject changed(ContestRules rules) {
    ContestRules defaults = ContestRules.builder().build();
    JsonObject json = new JsonObject();
    add(json, "order", rules.order(), defaults.order());
    add(json, "tie_break", rules.tieBreak(), defaults.tieBreak());
    add(json, "rank_style", rules.rankStyle(), defaults.rankStyle());
    add(json, "default_mode", rules.defaultMode(), defaults.defaultMode());
    rules.minScore().ifPresent(score -> json.addProperty("min_score", score));
    rules.maxScore().ifPresent(score -> json.addProperty("max_score", score));
    rules.maxPoints().ifPresent(points -> json.addProperty("max_points", points));
    return json;
  }

  private static <E extends Enum<E>> E choice(Class<E> type, JsonElement value) {
    return Enum.valueOf(type, value.isJsonNull() ? "UNSPECIFIED" : value.getAsString());
  }

  private static void bound(JsonElement value, LongConsumer set, Runnable clear) {
    if (value.isJsonNull()) {
      clear.run();
    } else {
      set.accept(Arguments.exact(value));
    }
  }

  private static void add(JsonObject json, String name, Enum<?> value, Enum<?> normal) {
    if (value != normal) {
      json.addProperty(name, value.name());
    }
  }
}
