package io.leaderboard.client;

import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** The unary calls of one client that are in flight. */
final class UnaryCalls {
  private final ChannelPool channels;
  private final ScheduledExecutorService timer;
  private final BooleanSupplier closed;
  private final Set<CompletableFuture<?>> inFlight = ConcurrentHashMap.newKeySet();

  UnaryCalls(ChannelPool channels, ScheduledExecutorService timer, BooleanSupplier closed) {
    this.channels = channels;
    this.timer = timer;
    this.closed = closed;
  }

  /** Starts a call, and returns the future of its parsed response. */
  <ReqT, RespT, R> CompletableFuture<R> start(
      MethodDescriptor<ReqT, RespT> method,
      ReqT request,
      Function<RespT, R> parse,
      Duration timeout) {
    if (closed.getAsBoolean()) {
      return CompletableFuture.failedFuture(LeaderboardClient.closedError());
    }
    CompletableFuture<R> future =
        new RetriedCall<>(channels, timer, method, request, parse, timeout).start();
    inFlight.add(future);
    future.whenComplete((result, error) -> inFlight.remove(future));
    if (closed.getAsBoolean()) {
      future.completeExceptionally(LeaderboardClient.closedError());
    }
    return future;
  }

  /** Cancels all calls because the client is closed. */
  void cancelAll() {
    inFlight.forEach(future -> future.completeExceptionally(LeaderboardClient.closedError()));
  }
}
