package io.leaderboard.client;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** How a client reaches its server. Made by {@link #builder}. */
public final class ClientOptions {
  /** The time of a whole call, with all its retries, unless another one is given: 10 s. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  private final Optional<TlsOptions> tls;
  private final Optional<Supplier<String>> token;
  private final Duration timeout;

  private ClientOptions(Builder builder) {
    this.tls = builder.tls;
    this.token = builder.token;
    this.timeout = builder.timeout;
  }

  /**
   * Begins with the defaults: no TLS, no token, calls of 10 s.
   *
   * @return what takes the rest
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

  /** Takes the options, part by part. */
  public static final class Builder {
    private Optional<TlsOptions> tls = Optional.empty();
    private Optional<Supplier<String>> token = Optional.empty();
    private Duration timeout = DEFAULT_TIMEOUT;

    private Builder() {}

    /**
     * Encrypts all connections.
     *
     * @param tls how, and who is trusted
     * @return this
     */
    public Builder tls(TlsOptions tls) {
      this.tls = Optional.of(tls);
      return this;
    }

    /**
     * Sends a token with each call, as {@code authorization: Bearer <token>}. It needs TLS, or a
     * server on this machine.
     *
     * @param token the token
     * @return this
     */
    public Builder token(String token) {
      return token(() -> token);
    }

    /**
     * Sends the token of the moment with each call. A call fails with UNAUTHENTICATED where there
     * is none, and a watch tries again.
     *
     * @param token gives the token; it may wait, and is called from several threads
     * @return this
     */
    public Builder token(Supplier<String> token) {
      this.token = Optional.of(token);
      return this;
    }

    /**
     * Sets the time of a whole call, with all its retries.
     *
     * @param timeout more than 0; 10 s by default
     * @return this
     * @throws IllegalArgumentException if it is 0 or less
     */
    public Builder timeout(Duration timeout) {
      this.timeout = checked(timeout);
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

  /** Refuses a timeout in which nothing can happen. */
  static Duration checked(Duration timeout) {
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException("a timeout is more than 0, not " + timeout);
    }
    return timeout;
  }
}
