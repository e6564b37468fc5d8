package io.leaderboard.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.leaderboard.v1.LeaderboardServiceGrpc;
import io.leaderboard.v1.WatchContestRequest;
import io.leaderboard.v1.WatchContestResponse;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * One stream of a watch, over a connection of its own. It takes a message from the connection only
 * when it is asked for one, so that the server holds the others back.
 *
 * <p>Everything happens on one executor that does one thing at a time.
 */
final class WatchStream {
  /** Takes what a stream brings. */
  interface Receiver {
    /** Takes the message that was asked for. */
    void message(WatchContestResponse message);

    /** Hears, instead of a message, that there will be none. */
    void lost(LeaderboardException why);
  }

  private final ManagedChannel channel;
  private final ClientCall<WatchContestRequest, WatchContestResponse> call;
  private final Receiver receiver;
  private final Executor serial;
  private final ScheduledExecutorService timer;
  private final Duration silence;
  private Future<?> alarm;
  private long asked;
  private LeaderboardException ending;
  private boolean closed;

  WatchStream(
      ManagedChannel channel,
      Receiver receiver,
      Executor serial,
      ScheduledExecutorService timer,
      Duration silence) {
    this.channel = channel;
    this.receiver = receiver;
    this.serial = serial;
    this.timer = timer;
    this.silence = silence;
    this.call =
        channel.newCall(
            LeaderboardServiceGrpc.getWatchContestMethod(),
            CallOptions.DEFAULT.withExecutor(serial));
  }

  /** Connects, and asks for the first message. */
  void open(WatchContestRequest request) {
    call.start(new Listener(), new Metadata());
    call.sendMessage(request);
    call.halfClose();
    next();
  }

  /** Asks for the next message. */
  void next() {
    if (ending != null) {
      lose(ending);
      return;
    }
    asked++;
    long number = asked;
    alarm =
        timer.schedule(
            () -> serial.execute(() -> silent(number)), silence.toNanos(), TimeUnit.NANOSECONDS);
    call.request(1);
  }

  /** Ends the stream and its connection. Nothing comes any more. */
  void close() {
    closed = true;
    disarm();
    call.cancel("the watch needs no more of it", null);
    channel.shutdownNow();
  }

  private void lose(LeaderboardException why) {
    close();
    receiver.lost(why);
  }

  private void silent(long number) {
    if (!closed && alarm != null && number == asked) {
      lose(new StreamLostException("nothing came for " + silence.toMillis() / 1000.0 + " s"));
    }
  }

  private void disarm() {
    if (alarm != null) {
      alarm.cancel(false);
      alarm = null;
    }
  }

  /** Takes what the connection brings. */
  private final class Listener extends ClientCall.Listener<WatchContestResponse> {
    @Override
    public void onMessage(WatchContestResponse message) {
      if (!closed) {
        disarm();
        receiver.message(message);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (closed) {
        return;
      }
      ending =
          status.isOk()
              ? new StreamLostException("the server ended the watch without a reason")
              : StatusMapping.ofCall(status, trailers);
      if (alarm != null) {
        lose(ending);
      }
    }
  }
}
