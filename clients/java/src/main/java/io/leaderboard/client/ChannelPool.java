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

/** Makes channels to one server; each has a connection of its own. */
final class ChannelPool {
  private final ServerAddress address;
  private final ChannelCredentials credentials;
  private final Executor executor;

  /**
   * Reads what the options name.
   *
   * @throws IllegalArgumentException if a token would be sent readable over a network, or the
   *     address is malformed
   * @throws UncheckedIOException if a file of TLS can't be read
   */
  ChannelPool(String address, ClientOptions options, Executor executor) {
    this.address = ServerAddress.parse(address);
    this.executor = executor;
    if (options.token().isPresent() && options.tls().isEmpty() && !this.address.isLoopback()) {
      throw new IllegalArgumentException("a token needs TLS, or a server on this machine");
    }
    ChannelCredentials connections =
        options.tls().map(ChannelPool::encrypted).orElseGet(InsecureChannelCredentials::create);
    this.credentials =
        options
            .token()
            .map(token -> CompositeChannelCredentials.create(connections, new BearerToken(token)))
            .orElse(connections);
  }

  /**
   * Returns a new channel. It connects with its first call.
   *
   * @throws IllegalArgumentException if a file of TLS is malformed
   */
  ManagedChannel open() {
    try {
      return Grpc.newChannelBuilderForAddress(address.host(), address.port(), credentials)
          .executor(executor)
          .build();
    } catch (ManagedChannelRegistry.ProviderNotFoundException e) {
      throw new IllegalArgumentException("a file of TLS is malformed: " + e.getMessage(), e);
    }
  }

  private static ChannelCredentials encrypted(TlsOptions tls) {
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    try {
      if (tls.authorities().isPresent()) {
        builder.trustManager(tls.authorities().get().toFile());
      }
      if (tls.certificate().isPresent() && tls.key().isPresent()) {
        builder.keyManager(tls.certificate().get().toFile(), tls.key().get().toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a file of TLS can't be read: " + e.getMessage(), e);
    }
    return builder.build();
  }
}
