package io.leaderboard.client;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Sends a token with each call. */
final class BearerToken extends CallCredentials {
  /** Where a call has no token: the cause of its status, which no server gave. */
  static final class MissingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MissingException(Throwable cause) {
      super(cause);
    }
  }

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Supplier<String> token;

  BearerToken(Supplier<String> token) {
    this.token = token;
  }

  @Override
  public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
    executor.execute(() -> apply(applier));
  }

  private void apply(MetadataApplier applier) {
    Metadata headers = new Metadata();
    try {
      headers.put(AUTHORIZATION, "Bearer " + visible(token.get()));
    } catch (Throwable e) {
      // An Error too: the call would wait for its token until its time is over.
      Status status = Status.UNAUTHENTICATED.withDescription("there is no token");
      applier.fail(status.withCause(new MissingException(e)));
      return;
    }
    applier.apply(headers);
  }

  /** Refuses what can't be a header: gRPC would log it, and send the call without it. */
  private static String visible(String token) {
    if (!Objects.requireNonNull(token, "token").matches("[!-~]+")) {
      throw new IllegalArgumentException("a token is visible ASCII characters");
    }
    return token;
  }
}
