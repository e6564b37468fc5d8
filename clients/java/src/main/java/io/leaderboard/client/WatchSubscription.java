package io.leaderboard.client;

import com.google.common.util.concurrent.MoreExecutors;
import io.leaderboard.v1.WatchContestResponse;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;

/**
 * One subscriber's watch: as many streams as it takes, one after the other.
 *
 * <p>It holds one update at most that was not asked for. Until the subscriber asks, it takes
 * nothing from its stream.
 */
final class WatchSubscription implements Flow.Subscription, WatchStream.Receiver {
  /** After this a stream that breaks is no failed attempt to open one. */
  private static final long LASTING = TimeUnit.SECONDS.toNanos(1);

  private static final String STALLED = "ERROR_REASON_WATCHER_STALLED";

  private final Flow.Subscriber<? super WatchUpdate> subscriber;
  private final WatchResources environment;
  private final Executor serial;
  private final WatchSession course;

  private WatchStream stream;
  private WatchUpdate pending;
  private Runnable afterwards;
  private long demand;
  private long streamBegan;
  private int attempts;
  private volatile boolean ended;

  WatchSubscription(
      Flow.Subscriber<? super WatchUpdate> subscriber,
      WatchOptions options,
      WatchResources environment) {
    this.subscriber = subscriber;
    this.environment = environment;
    Executor sequential = MoreExecutors.newSequentialExecutor(environment.executor());
    this.serial = task -> sequential.execute(() -> step(task));
    this.course = new WatchSession(options);
  }

  /** Greets the subscriber, and begins. */
  void start() {
    serial.execute(
        () -> {
          hand(() -> subscriber.onSubscribe(this));
          tell(course.update(), this::connect);
        });
  }

  @Override
  public void request(long n) {
    serial.execute(
        () -> {
          if (n <= 0) {
            fail(new IllegalArgumentException("a subscriber asks for more than 0, not " + n));
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
  public void message(WatchContestResponse message) {
    step(() -> take(message));
  }

  @Override
  public void lost(LeaderboardException why) {
    step(() -> lose(why));
  }

  /** Takes a step. Whatever goes wrong in it ends the watch, so that nobody waits for ever. */
  private void step(Runnable action) {
    try {
      action.run();
    } catch (Throwable e) {
      fail(e);
    }
  }

  /** Calls the subscriber. If it throws, even an Error, it gets nothing more, and others hear. */
  private void hand(Runnable call) {
    try {
      call.run();
    } catch (Throwable e) {
      ended = true;
      release();
      ClientThreads.uncaught(e);
    }
  }

  private void take(WatchContestResponse message) {
    WatchUpdate update;
    try {
      update = course.take(message);
    } catch (MissedChangesException e) {
      stream.close();
      lose(e);
      return;
    }
    if (message.hasEnd()) {
      stream.close();
    }
    if (update.state() == WatchState.OVER) {
      tell(update, this::complete);
    } else if (message.hasEnd()) {
      tell(update, () -> reconnect(Optional.empty()));
    } else {
      tell(update, stream::next);
    }
  }

  private void lose(LeaderboardException why) {
    if (heals(why)) {
      tell(course.lose(why), () -> reconnect(Optional.of(why)));
    } else {
      fail(why);
    }
  }

  /** Tells whether another stream may fare better: also with another token, and less slowly. */
  private static boolean heals(LeaderboardException why) {
    Throwable status = why.getCause();
    boolean noToken =
        status != null && status.getCause() instanceof BearerToken.MissingException;
    return why.isRetryable() || noToken || why.reason().equals(STALLED);
  }

  private void tell(WatchUpdate update, Runnable next) {
    pending = update;
    afterwards = next;
    deliver();
  }

  private void deliver() {
    if (ended || pending == null || demand == 0) {
      return;
    }
    WatchUpdate update = pending;
    pending = null;
    demand = demand == Long.MAX_VALUE ? demand : demand - 1;
    hand(() -> subscriber.onNext(update));
    if (!ended) {
      afterwards.run();
    }
  }

  private void connect() {
    if (ended) {
      return;
    }
    streamBegan = System.nanoTime();
    stream =
        new WatchStream(
            environment.channels().open(),
            this,
            serial,
            environment.timer(),
            environment.silence());
    stream.open(course.request());
  }

  private void reconnect(Optional<LeaderboardException> trouble) {
    attempts = System.nanoTime() - streamBegan > LASTING ? 0 : attempts;
    var delay = RetryDelay.after(attempts, trouble.flatMap(LeaderboardException::retryAfter));
    attempts++;
    environment
        .timer()
        .schedule(
            () -> serial.execute(this::connect), delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void complete() {
    if (!ended) {
      ended = true;
      release();
      hand(subscriber::onComplete);
    }
  }

  private void fail(Throwable error) {
    if (!ended) {
      ended = true;
      release();
      hand(() -> subscriber.onError(error));
    }
  }

  private void release() {
    pending = null;
    if (stream != null) {
      stream.close();
    }
    environment.live().remove(this);
  }
}
