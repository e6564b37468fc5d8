package io.leaderboard.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
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
 * One call, over as many attempts as it takes and its time allows.
 *
 * @param <Q> the request
 * @param <A> the answer
 * @param <R> what the caller gets
 */
final class RetriedCall<Q, A, R> {
  /** After this an attempt is given up: its connection may be dead. */
  private static final Duration LONGEST_ATTEMPT = Duration.ofSeconds(4);

  /** How long before an attempt the channel connects: until it has, attempts fail at once. */
  private static final Duration LEAD = Duration.ofMillis(250);

  private final PooledChannel connection;
  private final ScheduledExecutorService timer;
  private final MethodDescriptor<Q, A> method;
  private final Q request;
  private final Function<A, R> read;
  private final long timeout;
  private final long began = System.nanoTime();
  private final CompletableFuture<R> future = new CompletableFuture<>();

  private volatile Runnable stop = () -> {};
  private int failures;
  private LeaderboardException before;

  RetriedCall(
      PooledChannel connection,
      ScheduledExecutorService timer,
      MethodDescriptor<Q, A> method,
      Q request,
      Function<A, R> read,
      Duration timeout) {
    this.connection = connection;
    this.timer = timer;
    this.method = method;
    this.request = request;
    this.read = read;
    this.timeout = TimeUnit.NANOSECONDS.convert(ClientOptions.checked(timeout));
  }

  /** Begins, and returns the future of the result. What is under way ends when that is done. */
  CompletableFuture<R> start() {
    future.whenComplete((result, error) -> stop.run());
    step(this::attempt);
    return future;
  }

  /** Takes a step. Whatever goes wrong in it fails the call, so that nobody waits for ever. */
  private void step(Runnable action) {
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
    long left = Math.min(left(), LONGEST_ATTEMPT.toNanos());
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(left, TimeUnit.NANOSECONDS);
    ClientCall<Q, A> call = connection.channel().newCall(method, options);
    ClientCalls.asyncUnaryCall(call, request, new Attempt());
    stopWith(() -> call.cancel("its caller does not wait any more", null));
  }

  /** Says how to end what is under way now, and ends it if nobody waits any more. */
  private void stopWith(Runnable action) {
    stop = action;
    if (future.isDone()) {
      action.run();
    }
  }

  private void failed(LeaderboardException error) {
    boolean unanswered =
        error.code() == Status.Code.DEADLINE_EXCEEDED && error.reason().isEmpty();
    if (unanswered) {
      connection.unanswered();
    } else {
      connection.heard();
    }
    Duration delay = RetryDelay.after(failures, error.retryAfter());
    if (!error.isRetryable() || delay.toNanos() >= left()) {
      future.completeExceptionally(unanswered ? late(error) : error);
      return;
    }
    failures++;
    before = error;
    long lead = Math.min(delay.toNanos() / 2, LEAD.toNanos());
    schedule(
        () -> {
          connection.hurry();
          schedule(this::attempt, lead);
        },
        delay.toNanos() - lead);
  }

  private void schedule(Runnable action, long delay) {
    Future<?> waiting = timer.schedule(() -> step(action), delay, TimeUnit.NANOSECONDS);
    stopWith(() -> waiting.cancel(false));
  }

  private LeaderboardException late(LeaderboardException error) {
    double passed = (System.nanoTime() - began) / 1e9;
    String text = String.format(Locale.ROOT, "no answer in %.2f s", passed);
    if (before != null) {
      text += "; the attempt before: " + before.getMessage();
      error.addSuppressed(before);
    }
    return StatusMapping.exception(RpcStatus.passing(error.code(), text, error));
  }

  private long left() {
    return timeout - (System.nanoTime() - began);
  }

  /** Takes the outcome of one attempt. */
  private final class Attempt implements StreamObserver<A> {
    private A answer;

    @Override
    public void onNext(A message) {
      answer = message;
    }

    @Override
    public void onError(Throwable error) {
      if (!future.isDone()) {
        Status status = Status.fromThrowable(error);
        Metadata trailers = Status.trailersFromThrowable(error);
        step(() -> failed(StatusMapping.ofCall(status, trailers)));
      }
    }

    @Override
    public void onCompleted() {
      if (answer == null) {
        onError(Status.INTERNAL.withDescription("there was no answer").asRuntimeException());
      } else {
        step(this::take);
      }
    }

    private void take() {
      connection.heard();
      R result;
      try {
        result = read.apply(answer);
      } catch (RuntimeException e) {
        throw StatusMapping.defect("the answer is broken: " + e.getMessage(), e);
      }
      future.complete(result);
    }
  }
}
