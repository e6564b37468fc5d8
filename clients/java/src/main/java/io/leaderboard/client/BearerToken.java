package io.leaderboard.client;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Sends a token with each call. */
final class BearerToken extends CallCredentials {
  /** The cause of a status that the client itself gave a call without a token. */
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
      headers.put(AUTHORIZATION, "Bearer " + checked(token.get()));
    } catch (Throwable e) {
      // Errors too: otherwise the call would wait for its token until its timeout.
      Status status = Status.UNAUTHENTICATED.withDescription("no token");
      applier.fail(status.withCause(new MissingException(e)));
      return;
    }
    applier.apply(headers);
  }

  /** Rejects a token that is no header value: gRPC would log it and send the call without it. */
  private static String checked(String token) {
    if (!Objects.requireNonNull(token, "token").matches("[!-~]+")) {
      throw new IllegalArgumentException("a token must consist of visible ASCII characters");
    }
    return token;
  }
}
