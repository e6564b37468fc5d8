package io.leaderboard.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
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

  private final Connection connection;
  private final ScheduledExecutorService timer;
  private final MethodDescriptor<Q, A> method;
  private final Q request;
  private final Function<A, R> read;
  private final Duration timeout;
  private final long began = System.nanoTime();
  private final CompletableFuture<R> future = new CompletableFuture<>();

  private volatile Runnable stop = () -> {};
  private int failures;
  private LeaderboardException before;

  RetriedCall(
      Connection connection,
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
    this.timeout = ClientOptions.checked(timeout);
  }

  /** Begins, and returns the future of the result. What is under way ends when that is done. */
  CompletableFuture<R> start() {
    future.whenComplete((result, error) -> stop.run());
    attempt();
    return future;
  }

  private void attempt() {
    if (future.isDone()) {
      return;
    }
    long left = Math.min(left(), LONGEST_ATTEMPT.toNanos());
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(left, TimeUnit.NANOSECONDS);
    ClientCall<Q, A> call = connection.channel().newCall(method, options);
    ClientCalls.asyncUnaryCall(call, request, new Attempt(System.nanoTime()));
    stopWith(() -> call.cancel("its caller does not wait any more", null));
  }

  /** Says how to end what is under way now, and ends it if nobody waits any more. */
  private void stopWith(Runnable action) {
    stop = action;
    if (future.isDone()) {
      action.run();
    }
  }

  private void failed(LeaderboardException error, long attemptBegan) {
    boolean unanswered = error.code() == Status.Code.DEADLINE_EXCEEDED;
    if (unanswered && error.reason().isEmpty()) {
      connection.renew(attemptBegan);
    }
    Duration delay = RetryDelay.after(failures, error.retryAfter());
    if (!error.heals() || delay.toNanos() >= left()) {
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
    Future<?> waiting = timer.schedule(action, delay, TimeUnit.NANOSECONDS);
    stopWith(() -> waiting.cancel(false));
  }

  private LeaderboardException late(LeaderboardException error) {
    String text = "no answer in " + timeout.toMillis() / 1000.0 + " s";
    if (before != null) {
      text += "; the attempt before: " + before.getMessage();
      error.addSuppressed(before);
    }
    return Refusals.exception(Refusal.of(error.code(), text, error));
  }

  private long left() {
    return timeout.toNanos() - (System.nanoTime() - began);
  }

  /** Takes the outcome of one attempt. */
  private final class Attempt implements StreamObserver<A> {
    private final long attemptBegan;
    private A answer;

    Attempt(long attemptBegan) {
      this.attemptBegan = attemptBegan;
    }

    @Override
    public void onNext(A message) {
      answer = message;
    }

    @Override
    public void onError(Throwable error) {
      if (!future.isDone()) {
        Status status = Status.fromThrowable(error);
        Metadata trailers = Status.trailersFromThrowable(error);
        failed(Refusals.ofCall(status, trailers), attemptBegan);
      }
    }

    @Override
    public void onCompleted() {
      if (answer == null) {
        onError(Status.INTERNAL.withDescription("there was no answer").asRuntimeException());
      } else {
        future.complete(read.apply(answer));
      }
    }
  }
}
