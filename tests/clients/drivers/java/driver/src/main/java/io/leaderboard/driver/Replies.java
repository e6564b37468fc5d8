package io.leaderboard.driver;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Writes replies as JSON lines. Thread-safe. */
final class Replies {
  private final Gson gson = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
  private final PrintStream out;

  Replies(PrintStream out) {
    this.out = new PrintStream(out, false, StandardCharsets.UTF_8);
  }

  /** Writes the result of an operation. */
  void ok(JsonElement id, JsonObject result) {
    write(id, "ok", result);
  }

  /** Writes the error of an operation. */
  void error(JsonElement id, Throwable error) {
    write(id, "error", Errors.error(error));
  }

  /** Writes an update of a running watch. */
  void update(JsonElement id, JsonObject update) {
    write(id, "update", update);
  }

  private synchronized void write(JsonElement id, String name, JsonObject value) {
    JsonObject line = new JsonObject();
    line.add("id", id);
    line.add(name, value);
    out.println(gson.toJson(line));
    out.flush();
  }
}
