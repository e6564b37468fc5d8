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

  private final Flow.Subscriber<? super WatchUpdate> subscriber;
  private final WatchEnvironment environment;
  private final Executor serial;
  private final WatchCourse course;

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
      WatchEnvironment environment) {
    this.subscriber = subscriber;
    this.environment = environment;
    this.serial = MoreExecutors.newSequentialExecutor(environment.executor());
    this.course = new WatchCourse(options);
  }

  /** Greets the subscriber, and begins. */
  void start() {
    serial.execute(
        () -> {
          subscriber.onSubscribe(this);
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
    WatchUpdate update;
    try {
      update = course.take(message);
    } catch (MissedChangesException e) {
      stream.close();
      lost(e);
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

  @Override
  public void lost(LeaderboardException why) {
    if (why.heals()) {
      tell(course.lose(why), () -> reconnect(Optional.of(why)));
    } else {
      fail(why);
    }
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
    try {
      subscriber.onNext(update);
    } catch (RuntimeException e) {
      cancel();
      throw e;
    }
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
      subscriber.onComplete();
    }
  }

  private void fail(Throwable error) {
    if (!ended) {
      ended = true;
      release();
      subscriber.onError(error);
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
