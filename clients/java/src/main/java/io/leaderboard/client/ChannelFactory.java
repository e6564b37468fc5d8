package io.leaderboard.client;

import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.CompositeChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ManagedChannelRegistry;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Opens the channels to the servers of a client: calls share one {@link ChannelPool}, each stream
 * of a watch has a channel of its own. Each channel is one connection, or one to each server of a
 * name in DNS.
 */
final class ChannelFactory {
  /** Picks one of the servers of a name, at random. */
  private static final Map<String, ?> ANY_SERVER =
      Map.of(
          "loadBalancingConfig",
          List.of(Map.of("pick_first", Map.of("shuffleAddressList", true))));

  private final List<ServerAddress> addresses;
  private final ChannelCredentials credentials;
  private final List<ClientInterceptor> interceptors;
  private final Executor executor;
  private final AtomicInteger nextStream;

  /**
   * Reads the credentials that the options name.
   *
   * @throws IllegalArgumentException if the address is malformed, or a token would be sent
   *     unencrypted over a network
   * @throws UncheckedIOException if a TLS file can't be read
   */
  ChannelFactory(String address, ClientOptions options, Executor executor) {
    this.addresses = ServerAddress.parseAll(address);
    this.interceptors = options.interceptors();
    this.executor = executor;
    this.nextStream = new AtomicInteger(ThreadLocalRandom.current().nextInt(addresses.size()));
    boolean local = addresses.stream().allMatch(ServerAddress::isLoopback);
    if (options.token().isPresent() && options.tls().isEmpty() && !local) {
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
   * Returns the channels that calls share.
   *
   * @throws IllegalArgumentException if a TLS file is malformed
   */
  ChannelPool openPool() {
    List<PooledChannel> channels =
        addresses.stream()
            .map(
                address ->
                    new PooledChannel(
                        open(address, ChannelFactory::spreadCalls),
                        address.isName(),
                        System::nanoTime))
            .toList();
    return new ChannelPool(channels, spares());
  }

  /** Returns a new channel, for one stream, to the next server in turn. */
  ManagedChannel openForStream() {
    int turn = Math.floorMod(nextStream.getAndIncrement(), addresses.size());
    return open(addresses.get(turn), ChannelFactory::pickAnyServer);
  }

  /** Returns how many other servers are tried at once when one is down. */
  int spares() {
    // DNS may have any number of servers for a name.
    return addresses.get(0).isName() ? 1 : addresses.size() - 1;
  }

  private ManagedChannel open(
      ServerAddress address, Consumer<ManagedChannelBuilder<?>> policyForName) {
    try {
      ManagedChannelBuilder<?> builder =
          Grpc.newChannelBuilderForAddress(address.host(), address.port(), credentials)
              .disableServiceConfigLookUp()
              .intercept(interceptors)
              .executor(executor);
      if (address.isName()) {
        policyForName.accept(builder);
      }
      return builder.build();
    } catch (ManagedChannelRegistry.ProviderNotFoundException e) {
      throw new IllegalArgumentException("malformed TLS file: " + e.getMessage(), e);
    }
  }

  private static void spreadCalls(ManagedChannelBuilder<?> builder) {
    builder.defaultLoadBalancingPolicy("round_robin");
  }

  private static void pickAnyServer(ManagedChannelBuilder<?> builder) {
    builder.defaultServiceConfig(ANY_SERVER);
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
