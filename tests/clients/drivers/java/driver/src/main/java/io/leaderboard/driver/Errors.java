package io.leaderboard.driver;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.leaderboard.client.FieldViolation;
import io.leaderboard.client.LeaderboardException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;

/** Converts the errors of operations to JSON. */
final class Errors {
  private static final Set<String> KINDS =
      Set.of(
          "InvalidRequest",
          "OutOfRange",
          "NotFound",
          "RequestIdReused",
          "AlreadyExists",
          "FailedPrecondition",
          "Overloaded",
          "Unavailable",
          "DeadlineExceeded",
          "Cancelled");

  private Errors() {}

  static JsonObject error(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (cause instanceof LeaderboardException failure) {
      return failure(failure);
    }
    boolean cancelled = cause instanceof CancellationException;
    JsonObject json = new JsonObject();
    json.addProperty("kind", cancelled ? "Cancelled" : "Other");
    json.addProperty("code", cancelled ? "CANCELLED" : "UNKNOWN");
    json.addProperty("reason", "");
    json.add("metadata", new JsonObject());
    json.add("violations", new JsonArray());
    json.add("retry_after_s", null);
    json.addProperty("retryable", false);
    json.addProperty("message", String.valueOf(cause));
    return json;
  }

  private static JsonObject failure(LeaderboardException error) {
    String kind = error.getClass().getSimpleName().replace("Exception", "");
    JsonObject metadata = new JsonObject();
    error.metadata().forEach(metadata::addProperty);
    JsonArray violations = new JsonArray();
    for (FieldViolation violation : error.violations()) {
      JsonObject field = new JsonObject();
      field.addProperty("field", violation.field());
      field.addProperty("description", violation.description());
      violations.add(field);
    }
    JsonObject json = new JsonObject();
    json.addProperty("kind", KINDS.contains(kind) ? kind : "Other");
    json.addProperty("code", error.code().name());
    json.addProperty("reason", error.reason());
    json.add("metadata", metadata);
    json.add("violations", violations);
    json.addProperty(
        "retry_after_s", error.retryAfter().map(delay -> delay.toNanos() / 1e9).orElse(null));
    json.addProperty("retryable", error.isRetryable());
    json.addProperty("message", error.getMessage());
    return json;
  }
}
