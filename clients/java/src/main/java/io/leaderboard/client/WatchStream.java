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
 * One gRPC stream of a watch, on a channel of its own. It reads a message from the connection only
 * on request, so that flow control stops the server.
 *
 * <p>All methods run on one sequential executor.
 */
final class WatchStream {
  /** The receiver of a stream's messages. */
  interface Receiver {
    /** Receives the message that was requested. */
    void onMessage(WatchContestResponse message);

    /** Receives, in place of a message, the error that ended the stream. */
    void onLost(LeaderboardException error);
  }

  private final ManagedChannel channel;
  private final ClientCall<WatchContestRequest, WatchContestResponse> call;
  private final Receiver receiver;
  private final Executor serial;
  private final ScheduledExecutorService timer;
  private final Duration idleTimeout;
  private Future<?> idleTimer;
  private long requested;
  private LeaderboardException endError;
  private boolean closed;

  WatchStream(
      ManagedChannel channel,
      Receiver receiver,
      Executor serial,
      ScheduledExecutorService timer,
      Duration idleTimeout) {
    this.channel = channel;
    this.receiver = receiver;
    this.serial = serial;
    this.timer = timer;
    this.idleTimeout = idleTimeout;
    this.call =
        channel.newCall(
            LeaderboardServiceGrpc.getWatchContestMethod(),
            CallOptions.DEFAULT.withExecutor(serial));
  }

  /** Connects, and requests the first message. */
  void open(WatchContestRequest request) {
    call.start(new Listener(), new Metadata());
    call.sendMessage(request);
    call.halfClose();
    requestNext();
  }

  /** Requests the next message. */
  void requestNext() {
    if (endError != null) {
      lose(endError);
      return;
    }
    requested++;
    long number = requested;
    idleTimer =
        timer.schedule(
            () -> serial.execute(() -> onIdleTimeout(number)),
            idleTimeout.toNanos(),
            TimeUnit.NANOSECONDS);
    call.request(1);
  }

  /** Ends the stream and its connection. The receiver is not called any more. */
  void close() {
    closed = true;
    stopIdleTimer();
    call.cancel("the watch closed the stream", null);
    channel.shutdownNow();
  }

  private void lose(LeaderboardException error) {
    close();
    receiver.onLost(error);
  }

  private void onIdleTimeout(long number) {
    if (!closed && idleTimer != null && number == requested) {
      lose(new StreamLostException("no message for " + idleTimeout.toMillis() / 1000.0 + " s"));
    }
  }

  private void stopIdleTimer() {
    if (idleTimer != null) {
      idleTimer.cancel(false);
      idleTimer = null;
    }
  }

  /** Receives the events of the call. */
  private final class Listener extends ClientCall.Listener<WatchContestResponse> {
    @Override
    public void onMessage(WatchContestResponse message) {
      if (!closed) {
        stopIdleTimer();
        receiver.onMessage(message);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (closed) {
        return;
      }
      endError =
          status.isOk()
              ? new StreamLostException("the server ended the watch without a reason")
              : RpcStatus.ofCall(status, trailers).toException();
      if (idleTimer != null) {
        lose(endError);
      }
    }
  }
}
