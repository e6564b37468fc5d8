package io.leaderboard.client;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.Context;
import io.leaderboard.v1.WatchContestResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;

/**
 * The watch of one subscriber: a sequence of streams, each of which resumes after the one before.
 *
 * <p>It buffers at most one update that was not requested yet, and reads nothing from its stream
 * until the subscriber requests that update.
 */
final class WatchSubscription implements Flow.Subscription, WatchStream.Receiver {
  /** The age after which a stream that breaks is not counted as a failed attempt. */
  private static final long STABLE_AFTER = TimeUnit.SECONDS.toNanos(1);

  private static final String STALLED = "ERROR_REASON_WATCHER_STALLED";

  private final Flow.Subscriber<? super WatchUpdate> subscriber;
  private final ContestWatch.Resources resources;
  private final Executor serial;
  private final WatchSession session;

  private WatchStream stream;
  private WatchUpdate pending;
  private Runnable afterDelivery;
  private long demand;
  private long streamStartedAt;
  private int attempts;
  private int others;
  private volatile boolean ended;

  WatchSubscription(
      Flow.Subscriber<? super WatchUpdate> subscriber,
      WatchOptions options,
      ContestWatch.Resources resources) {
    this.subscriber = subscriber;
    this.resources = resources;
    Executor sequential = MoreExecutors.newSequentialExecutor(resources.executor());
    // With the values of the subscriber's context, but not with its end.
    Context context = Context.current().fork();
    this.serial = task -> sequential.execute(context.wrap(() -> guard(task)));
    this.session = new WatchSession(options);
    this.others = resources.channels().spares();
  }

  /** Passes this subscription to the subscriber, and publishes the first update. */
  void start() {
    serial.execute(
        () -> {
          callSubscriber(() -> subscriber.onSubscribe(this));
          publish(session.update(), this::connect);
        });
  }

  @Override
  public void request(long n) {
    serial.execute(
        () -> {
          if (n <= 0) {
            fail(new IllegalArgumentException("request more than 0 updates, not " + n));
            return;
          }
          demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
          deliver();
        });
  }

  @Override
  public void cancel() {
    ended = true;
    serial.execute(this::release);
  }

  /** Ends the watch with an error. */
  void abort(Throwable error) {
    serial.execute(() -> fail(error));
  }

  @Override
  public void onMessage(WatchContestResponse message) {
    guard(() -> apply(message));
  }

  @Override
  public void onLost(LeaderboardException error) {
    guard(() -> recover(error));
  }

  /** Runs an action. Anything that it throws ends the watch, so that no caller waits for ever. */
  private void guard(Runnable action) {
    try {
      action.run();
    } catch (Throwable e) {
      fail(e);
    }
  }

  /**
   * Calls the subscriber. If it throws anything, the watch ends without another call of it, and the
   * exception goes to the uncaught exception handler.
   */
  private void callSubscriber(Runnable call) {
    try {
      call.run();
    } catch (Throwable e) {
      ended = true;
      release();
      ClientThreads.reportUncaught(e);
    }
  }

  private void apply(WatchContestResponse message) {
    WatchUpdate update;
    try {
      update = session.apply(message);
    } catch (MissedChangesException e) {
      stream.close();
      recover(e);
      return;
    }
    if (message.hasEnd()) {
      stream.close();
    }
    if (update.state().isFinal()) {
      publish(update, this::complete);
    } else if (message.hasEnd()) {
      publish(update, () -> reconnect(Optional.empty()));
    } else {
      publish(update, stream::requestNext);
    }
  }

  private void recover(LeaderboardException error) {
    if (isRecoverable(error)) {
      publish(
          session.streamLost(error),
          () -> reconnect(Optional.of(error)));
    } else {
      fail(error);
    }
  }

  /** Returns whether another stream may work, with a new token or after a stall too. */
  private static boolean isRecoverable(LeaderboardException error) {
    return error.isRetryable()
        || error instanceof NoTokenException
        || error.reason().equals(STALLED);
  }

  private void publish(WatchUpdate update, Runnable next) {
    pending = update;
    afterDelivery = next;
    deliver();
  }

  private void deliver() {
    if (ended || pending == null || demand == 0) {
      return;
    }
    WatchUpdate update = pending;
    pending = null;
    demand = demand == Long.MAX_VALUE ? demand : demand - 1;
    callSubscriber(() -> subscriber.onNext(update));
    if (!ended) {
      afterDelivery.run();
    }
  }

  private void connect() {
    if (ended) {
      return;
    }
    streamStartedAt = System.nanoTime();
    stream =
        new WatchStream(
            resources.channels().openForStream(),
            this,
            serial,
            resources.timer(),
            resources.idleTimeout());
    stream.open(session.request());
  }

  /**
   * Opens the next stream: at once if the server of the last one is down, and there is another one
   * that was not tried yet; else after a delay.
   *
   * @param error why the last stream failed; empty if the server ended it
   */
  private void reconnect(Optional<LeaderboardException> error) {
    if (System.nanoTime() - streamStartedAt > STABLE_AFTER) {
      attempts = 0;
      others = resources.channels().spares();
    }
    if (others > 0 && error.map(LeaderboardException::isServerDown).orElse(true)) {
      others--;
      serial.execute(this::connect);
      return;
    }
    int counted = error.map(reason -> reason.countedFailures(attempts)).orElse(attempts);
    Duration delay =
        RetryDelay.after(counted, error.flatMap(LeaderboardException::requestedDelay));
    attempts++;
    others = resources.channels().spares();
    resources
        .timer()
        .schedule(() -> serial.execute(this::connect), delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void complete() {
    if (!ended) {
      ended = true;
      release();
      callSubscriber(subscriber::onComplete);
    }
  }

  private void fail(Throwable error) {
    if (!ended) {
      ended = true;
      release();
      callSubscriber(() -> subscriber.onError(error));
    }
  }

  private void release() {
    pending = null;
    if (stream != null) {
      stream.close();
    }
    resources.active().remove(this);
  }
}
