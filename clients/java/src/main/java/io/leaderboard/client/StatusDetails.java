package io.leaderboard.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The details of a status that the client knows. Each detail is read by itself: one that can't be
 * decoded changes nothing about the others.
 */
final class StatusDetails {
  private static final String DOMAIN = "leaderboard.v1";

  private String reason = "";
  private Map<String, String> metadata = Map.of();
  private List<FieldViolation> violations = List.of();
  private Optional<Duration> retryAfter = Optional.empty();

  StatusDetails(List<Any> details) {
    for (Any detail : details) {
      try {
        read(detail);
      } catch (InvalidProtocolBufferException | ArithmeticException e) {
        // The code and the text are valid without it.
        continue;
      }
    }
  }

  /** The name of the service's {@code ErrorReason}; empty if the service set none. */
  String reason() {
    return reason;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  List<FieldViolation> violations() {
    return violations;
  }

  Optional<Duration> retryAfter() {
    return retryAfter;
  }

  private void read(Any detail) throws InvalidProtocolBufferException {
    if (detail.is(ErrorInfo.class)) {
      ErrorInfo info = detail.unpack(ErrorInfo.class);
      if (info.getDomain().equals(DOMAIN)) {
        reason = info.getReason();
        metadata = Map.copyOf(info.getMetadataMap());
      }
    } else if (detail.is(BadRequest.class)) {
      List<FieldViolation> fields = new ArrayList<>();
      for (var field : detail.unpack(BadRequest.class).getFieldViolationsList()) {
        fields.add(new FieldViolation(field.getField(), field.getDescription()));
      }
      violations = List.copyOf(fields);
    } else if (detail.is(RetryInfo.class)) {
      retryAfter = Optional.of(Responses.of(detail.unpack(RetryInfo.class).getRetryDelay()));
    }
  }
}
