package io.leaderboard.client;

import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;

/** The unary calls of one client that are in flight. */
final class UnaryCalls {
  private final ChannelPool channels;
  private final ScheduledExecutorService timer;
  private final Set<CompletableFuture<?>> inFlight = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  UnaryCalls(ChannelPool channels, ScheduledExecutorService timer) {
    this.channels = channels;
    this.timer = timer;
  }

  /** Starts a call, and returns the future of its parsed response. */
  <ReqT, RespT, R> CompletableFuture<R> start(
      MethodDescriptor<ReqT, RespT> method,
      ReqT request,
      Function<RespT, R> parse,
      Duration timeout) {
    if (closed) {
      return CompletableFuture.failedFuture(LeaderboardClient.closedError());
    }
    CompletableFuture<R> future =
        new RetriedCall<>(channels, timer, method, request, parse, timeout).start();
    inFlight.add(future);
    future.whenComplete((result, error) -> inFlight.remove(future));
    if (closed) {
      future.completeExceptionally(LeaderboardClient.closedError());
    }
    return future;
  }

  /** Returns whether the client is closed. */
  boolean isClosed() {
    return closed;
  }

  /** Refuses later calls because the client is closed. */
  void close() {
    closed = true;
  }

  /** Cancels all calls in flight because the client is closed. */
  void cancelAll() {
    inFlight.forEach(future -> future.completeExceptionally(LeaderboardClient.closedError()));
  }

  /** Closes the connections, and stops the timer. */
  void disconnect() {
    channels.close();
    timer.shutdown();
  }
}
