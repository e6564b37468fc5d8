package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A connection is replaced when calls waited too long for any answer on it. */
class PooledChannelTest {
  private final CountingChannel grpc = new CountingChannel();
  private long now;
  private final PooledChannel channel = new PooledChannel(grpc, false, () -> now);

  /** Rare calls whose time is shorter than connecting don't interrupt it. */
  @Test
  void rareShortCallsLetItConnect() {
    makeRareShortCalls(channel);

    assertEquals(0, grpc.idled);
  }

  /** Nor do they end the connections to the servers of a name. */
  @Test
  void rareShortCallsLeaveServersOfName() {
    makeRareShortCalls(new PooledChannel(grpc, true, () -> now));

    assertEquals(0, grpc.idled);
  }

  private void makeRareShortCalls(PooledChannel channel) {
    for (int call = 0; call < 5; call++) {
      pass(Duration.ofMinutes(1));
      long began = channel.begin();
      pass(Duration.ofMillis(100));
      channel.endUnanswered(began);
    }
  }

  /** Calls that get no answer, however short, add up until the connection is replaced. */
  @Test
  void unansweredCallsAddUp() {
    makeUnansweredCalls(channel);

    assertEquals(1, grpc.idled);
  }

  /** So do those over the servers of a name. */
  @Test
  void unansweredCallsOfNameAddUp() {
    makeUnansweredCalls(new PooledChannel(grpc, true, () -> now));

    assertEquals(1, grpc.idled);
  }

  private void makeUnansweredCalls(PooledChannel channel) {
    for (int call = 0; call < 10; call++) {
      long began = channel.begin();
      pass(Duration.ofMillis(500));
      channel.endUnanswered(began);
    }
  }

  /** An answer to any call shows that the connection works. */
  @Test
  void answerKeepsTheConnection() {
    answerOneOfTwo(channel);

    assertEquals(0, grpc.idled);
  }

  /** Over the servers of a name, the answer of one does not show that another one works. */
  @Test
  void answerOfOneServerDoesNotKeepTheConnectionToAnother() {
    answerOneOfTwo(new PooledChannel(grpc, true, () -> now));

    assertEquals(1, grpc.idled);
  }

  private void answerOneOfTwo(PooledChannel channel) {
    channel.begin();
    long unanswered = channel.begin();
    pass(Duration.ofSeconds(3));
    channel.endAnswered();
    pass(Duration.ofSeconds(3));
    channel.endUnanswered(unanswered);
  }

  /** A server that refuses connections is tried again within 2 s, though gRPC would wait longer. */
  @Test
  void backoffIsShort() {
    grpc.state = ConnectivityState.TRANSIENT_FAILURE;
    channel.readiness();
    assertEquals(0, grpc.resets);

    pass(Duration.ofMillis(2_001));
    assertEquals(PooledChannel.Readiness.FAILING, channel.readiness());
    channel.readiness();

    assertEquals(1, grpc.resets);
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  /** A channel that counts the orders that it gets. */
  private static final class CountingChannel extends ManagedChannel {
    ConnectivityState state = ConnectivityState.READY;
    int idled;
    int resets;

    @Override
    public void enterIdle() {
      idled++;
    }

    @Override
    public void resetConnectBackoff() {
      resets++;
    }

    @Override
    public ConnectivityState getState(boolean requestConnection) {
      return state;
    }

    @Override
    public ManagedChannel shutdown() {
      return this;
    }

    @Override
    public ManagedChannel shutdownNow() {
      return this;
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return true;
    }

    @Override
    public <ReqT, RespT> ClientCall<ReqT, RespT> newCall(
        MethodDescriptor<ReqT, RespT> method, CallOptions options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String authority() {
      return "counting";
    }
  }
}
