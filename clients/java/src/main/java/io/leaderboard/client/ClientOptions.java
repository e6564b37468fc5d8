package io.leaderboard.client;

import io.grpc.ClientInterceptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The options of a client. Made by {@link #builder}. */
public final class ClientOptions {
  /** The default timeout of a call including its retries: 10 s. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  private final Optional<TlsOptions> tls;
  private final Optional<Supplier<String>> token;
  private final Duration timeout;
  private final List<ClientInterceptor> interceptors;

  private ClientOptions(Builder builder) {
    this.tls = builder.tls;
    this.token = builder.token;
    this.timeout = builder.timeout;
    this.interceptors = List.copyOf(builder.interceptors);
  }

  /**
   * Returns a builder with the defaults: no TLS, no token, a timeout of 10 s.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  Optional<TlsOptions> tls() {
    return tls;
  }

  Optional<Supplier<String>> token() {
    return token;
  }

  Duration timeout() {
    return timeout;
  }

  List<ClientInterceptor> interceptors() {
    return interceptors;
  }

  /** A builder of {@link ClientOptions}. */
  public static final class Builder {
    private Optional<TlsOptions> tls = Optional.empty();
    private Optional<Supplier<String>> token = Optional.empty();
    private Duration timeout = DEFAULT_TIMEOUT;
    private final List<ClientInterceptor> interceptors = new ArrayList<>();

    private Builder() {}

    /**
     * Encrypts all connections.
     *
     * @param tls the certificates
     * @return this
     */
    public Builder tls(TlsOptions tls) {
      this.tls = Optional.of(tls);
      return this;
    }

    /**
     * Sends a token with each call, as {@code authorization: Bearer <token>}. A token needs TLS or
     * a loopback address.
     *
     * @param token the token
     * @return this
     */
    public Builder token(String token) {
      return token(() -> token);
    }

    /**
     * Sends the current token with each call. If the supplier fails, a call fails with
     * UNAUTHENTICATED, and a watch tries again.
     *
     * @param token returns the token; it may block, and is called from several threads
     * @return this
     */
    public Builder token(Supplier<String> token) {
      this.token = Optional.of(token);
      return this;
    }

    /**
     * Sets the timeout of a call including its retries.
     *
     * @param timeout more than 0; 10 s by default
     * @return this
     * @throws IllegalArgumentException if it is 0 or less
     */
    public Builder timeout(Duration timeout) {
      this.timeout = checkTimeout(timeout);
      return this;
    }

    /**
     * Adds an interceptor of all calls and streams, such as one that makes traces. It is called for
     * each attempt of a call and for each stream of a watch, in the {@link io.grpc.Context} that the
     * call was made in, or the watch subscribed to. With {@code
     * io.grpc:grpc-context-override-opentelemetry} that has OpenTelemetry's context too.
     *
     * @param interceptor the interceptor; it must not change messages or deadlines
     * @return this
     */
    public Builder interceptor(ClientInterceptor interceptor) {
      this.interceptors.add(interceptor);
      return this;
    }

    /**
     * Returns the options.
     *
     * @return the options
     */
    public ClientOptions build() {
      return new ClientOptions(this);
    }
  }

  /** Returns a timeout, or rejects it if it is 0 or less. */
  static Duration checkTimeout(Duration timeout) {
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException("a timeout must be more than 0, not " + timeout);
    }
    return timeout;
  }
}
