package io.leaderboard.client;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;

/** Statuses with details, as the service sends them. */
final class Statuses {
  static final StatusRuntimeException STORE_UNAVAILABLE =
      error(
          Status.Code.UNAVAILABLE,
          "the store is unavailable",
          errorInfo("ERROR_REASON_STORE_UNAVAILABLE", Map.of()),
          retryInfo(0));

  private Statuses() {}

  static StatusRuntimeException error(Status.Code code, String message, Message... details) {
    return StatusProto.toStatusRuntimeException(status(code, message, details));
  }

  static com.google.rpc.Status status(Status.Code code, String message, Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage(message);
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return status.build();
  }

  static ErrorInfo errorInfo(String reason, Map<String, String> metadata) {
    return ErrorInfo.newBuilder()
        .setDomain("leaderboard.v1")
        .setReason(reason)
        .putAllMetadata(metadata)
        .build();
  }

  static RetryInfo retryInfo(int millis) {
    RetryInfo.Builder retry = RetryInfo.newBuilder();
    retry.getRetryDelayBuilder().setSeconds(millis / 1000).setNanos(millis % 1000 * 1_000_000);
    return retry.build();
  }

  static BadRequest badRequest(String field, String description) {
    BadRequest.Builder bad = BadRequest.newBuilder();
    bad.addFieldViolationsBuilder().setField(field).setDescription(description);
    return bad.build();
  }
}
