package io.leaderboard.client;

import io.grpc.ChannelCredentials;
import io.grpc.CompositeChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelRegistry;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Executor;

/**
 * Opens the channels to one server: calls share one {@link ChannelPool}, each stream of a watch
 * has a channel of its own. Each channel is one connection.
 */
final class ChannelFactory {
  private final ServerAddress address;
  private final ChannelCredentials credentials;
  private final Executor executor;

  /**
   * Reads the credentials that the options name.
   *
   * @throws IllegalArgumentException if the address is malformed, or a token would be sent
   *     unencrypted over a network
   * @throws UncheckedIOException if a TLS file can't be read
   */
  ChannelFactory(String address, ClientOptions options, Executor executor) {
    this.address = ServerAddress.parse(address);
    this.executor = executor;
    if (options.token().isPresent() && options.tls().isEmpty() && !this.address.isLoopback()) {
      throw new IllegalArgumentException("a token needs TLS or a loopback address");
    }
    ChannelCredentials transport =
        options
            .tls()
            .map(ChannelFactory::tlsCredentials)
            .orElseGet(InsecureChannelCredentials::create);
    this.credentials =
        options
            .token()
            .map(token -> CompositeChannelCredentials.create(transport, new BearerToken(token)))
            .orElse(transport);
  }

  /**
   * Returns a new channel, which connects on its first call.
   *
   * @throws IllegalArgumentException if a TLS file is malformed
   */
  ManagedChannel open() {
    try {
      return Grpc.newChannelBuilderForAddress(address.host(), address.port(), credentials)
          .executor(executor)
          .build();
    } catch (ManagedChannelRegistry.ProviderNotFoundException e) {
      throw new IllegalArgumentException("malformed TLS file: " + e.getMessage(), e);
    }
  }

  private static ChannelCredentials tlsCredentials(TlsOptions tls) {
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    try {
      if (tls.authorities().isPresent()) {
        builder.trustManager(tls.authorities().get().toFile());
      }
      if (tls.certificate().isPresent() && tls.key().isPresent()) {
        builder.keyManager(tls.certificate().get().toFile(), tls.key().get().toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("can't read a TLS file: " + e.getMessage(), e);
    }
    return builder.build();
  }
}
