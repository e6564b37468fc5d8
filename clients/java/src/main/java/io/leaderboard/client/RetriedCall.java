package io.leaderboard.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * One call, retried while its error is retryable and its timeout allows.
 *
 * @param <ReqT> the request
 * @param <RespT> the response
 * @param <R> the result that the caller gets
 */
final class RetriedCall<ReqT, RespT, R> {
  /** The timeout of one attempt: its connection may be dead. */
  private static final Duration ATTEMPT_TIMEOUT = Duration.ofSeconds(4);

  /** The timeout of an attempt on a server that is not connected while there are others. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  /** The time to connect before a retry: attempts on a channel in back-off fail at once. */
  private static final Duration RECONNECT_LEAD = Duration.ofMillis(250);

  private final ChannelPool channels;
  private final ScheduledExecutorService timer;
  private final MethodDescriptor<ReqT, RespT> method;
  private final ReqT request;
  private final Function<RespT, R> parse;
  private final long timeout;
  private final long startedAt = System.nanoTime();
  private final CompletableFuture<R> future = new CompletableFuture<>();

  /** The caller's, such as its trace; the timer has another one. */
  private final Context context = Context.current();

  private volatile Runnable cancel = () -> {};
  private int failures;

  /** How many other servers may be tried at once before the next delay. */
  private int others;

  private LeaderboardException previousError;

  RetriedCall(
      ChannelPool channels,
      ScheduledExecutorService timer,
      MethodDescriptor<ReqT, RespT> method,
      ReqT request,
      Function<RespT, R> parse,
      Duration timeout) {
    this.channels = channels;
    this.timer = timer;
    this.method = method;
    this.request = request;
    this.parse = parse;
    this.others = channels.spares();
    this.timeout = TimeUnit.NANOSECONDS.convert(ClientOptions.checkTimeout(timeout));
  }

  /** Starts the call, and returns the future of its result. Completing it cancels the call. */
  CompletableFuture<R> start() {
    future.whenComplete((result, error) -> cancel.run());
    guard(this::attempt);
    return future;
  }

  /** Runs an action. Anything that it throws fails the call, so that no caller waits for ever. */
  private void guard(Runnable action) {
    try {
      action.run();
    } catch (Throwable e) {
      future.completeExceptionally(e);
    }
  }

  private void attempt() {
    if (future.isDone()) {
      return;
    }
    ChannelPool.Choice choice = channels.choose();
    Duration longest = choice.isBrief() ? CONNECT_TIMEOUT : ATTEMPT_TIMEOUT;
    long nanos = Math.min(remaining(), longest.toNanos());
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(nanos, TimeUnit.NANOSECONDS);
    ClientCall<ReqT, RespT> call = choice.channel().channel().newCall(method, options);
    ClientCalls.asyncUnaryCall(call, request, new Attempt(choice.channel()));
    onCancel(() -> call.cancel("the caller's future is done", null));
  }

  /** Sets the action that cancels the current step, and runs it if the future is done. */
  private void onCancel(Runnable action) {
    cancel = action;
    if (future.isDone()) {
      action.run();
    }
  }

  private void onFailure(LeaderboardException error) {
    if (others > 0 && error.isServerDown() && remaining() > 0) {
      others--;
      previousError = error;
      attempt();
      return;
    }
    Duration delay = RetryDelay.after(error.countedFailures(failures), error.requestedDelay());
    if (!error.isRetryable() || delay.toNanos() >= remaining()) {
      future.completeExceptionally(isTimeout(error) ? timeoutError(error) : error);
      return;
    }
    failures++;
    others = channels.spares();
    previousError = error;
    long lead = Math.min(delay.toNanos() / 2, RECONNECT_LEAD.toNanos());
    schedule(
        () -> {
          channels.reconnect();
          schedule(this::attempt, lead);
        },
        delay.toNanos() - lead);
  }

  private static boolean isTimeout(LeaderboardException error) {
    return error.code() == Status.Code.DEADLINE_EXCEEDED && error.reason().isEmpty();
  }

  private void schedule(Runnable action, long delay) {
    Future<?> scheduled = timer.schedule(context.wrap(() -> guard(action)), delay, TimeUnit.NANOSECONDS);
    onCancel(() -> scheduled.cancel(false));
  }

  private LeaderboardException timeoutError(LeaderboardException error) {
    double elapsed = (System.nanoTime() - startedAt) / 1e9;
    String text = String.format(Locale.ROOT, "no response within %.2f s", elapsed);
    if (previousError != null) {
      text += "; previous attempt: " + previousError.getMessage();
      error.addSuppressed(previousError);
    }
    return RpcStatus.local(error.code(), text, error, true).toException();
  }

  private long remaining() {
    return timeout - (System.nanoTime() - startedAt);
  }

  /** Receives the response or the status of one attempt. */
  private final class Attempt implements StreamObserver<RespT> {
    private final PooledChannel channel;
    private final long began;
    private RespT response;

    Attempt(PooledChannel channel) {
      this.channel = channel;
      this.began = channel.begin();
    }

    @Override
    public void onNext(RespT message) {
      response = message;
    }

    @Override
    public void onError(Throwable error) {
      guard(() -> fail(error));
    }

    private void fail(Throwable error) {
      Status status = Status.fromThrowable(error);
      Metadata trailers = Status.trailersFromThrowable(error);
      LeaderboardException decoded = RpcStatus.ofCall(status, trailers).toException();
      if (future.isDone() || isTimeout(decoded)) {
        channel.endUnanswered(began);
      } else {
        channel.endAnswered();
      }
      if (decoded.isDraining()) {
        channel.observeDraining();
      }
      if (!future.isDone()) {
        onFailure(decoded);
      }
    }

    @Override
    public void onCompleted() {
      if (response == null) {
        onError(Status.INTERNAL.withDescription("no response message").asRuntimeException());
      } else {
        guard(this::complete);
      }
    }

    private void complete() {
      channel.endAnswered();
      R result;
      try {
        result = parse.apply(response);
      } catch (RuntimeException e) {
        throw RpcStatus.internal("malformed response: " + e.getMessage(), e).toException();
      }
      future.complete(result);
    }
  }
}
