package io.leaderboard.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;

/**
 * Sends what is pending in a buffer, batch after batch, until the buffer is closed and empty.
 *
 * <p>However it ends, no update is left: it is acknowledged or told of.
 */
final class BufferSender implements Runnable {
  /**
   * How long an attempt may last whose updates have less time left. They may only have waited behind
   * others, with a service that is slow; given less, none would get through.
   */
  private static final Duration LEAST_ATTEMPT = Duration.ofSeconds(1);

  private final BiFunction<List<ScoreUpdate>, Duration, CompletableFuture<List<BatchResult>>> call;
  private final PendingQueue pending;
  private final ScoreBufferOptions options;
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private int size;
  private int failures;
  private long resume = System.nanoTime();

  /**
   * Prepares to send.
   *
   * @param call sends a batch in at most the given time
   * @param pending what to send
   * @param options the bounds of the buffer, and who hears of refusals
   */
  BufferSender(
      BiFunction<List<ScoreUpdate>, Duration, CompletableFuture<List<BatchResult>>> call,
      PendingQueue pending,
      ScoreBufferOptions options) {
    this.call = call;
    this.pending = pending;
    this.options = options;
    this.size = options.batchSize();
  }

  long acknowledged() {
    return acknowledged.get();
  }

  long refused() {
    return refused.get();
  }

  @Override
  public void run() {
    try {
      sendAll();
    } catch (CancellationException e) {
      refuseAll(pending.cancel(), new CancelledException());
    } catch (Throwable e) {
      // An Error too: who waits for room or for the end would wait for ever.
      refuseAll(pending.fail(e), StatusMapping.defect("the buffer ended by an error: " + e, e));
    }
  }

  private void sendAll() throws InterruptedException {
    List<PendingUpdate> batch = pending.awaitBatch(size, resume);
    while (!batch.isEmpty()) {
      List<PendingUpdate> late = batch.stream().filter(update -> update.left() <= 0).toList();
      if (late.isEmpty()) {
        send(batch);
      } else {
        refuse(late);
      }
      batch = pending.awaitBatch(size, resume);
    }
  }

  private void send(List<PendingUpdate> batch) {
    List<BatchResult> outcomes;
    try {
      outcomes = outcomes(batch);
    } catch (LeaderboardException e) {
      if (batch.size() > 1 && mayBeOneOfThem(e)) {
        size = batch.size() / 2;
        return;
      }
      outcomes = Collections.nCopies(batch.size(), new BatchResult.Failure(e));
    }
    size = Math.min(size * 2, options.batchSize());
    settle(batch, outcomes);
  }

  private List<BatchResult> outcomes(List<PendingUpdate> batch) {
    long left = Math.max(batch.get(0).left(), LEAST_ATTEMPT.toNanos());
    List<ScoreUpdate> updates = batch.stream().map(PendingUpdate::update).toList();
    try {
      return call.apply(updates, Duration.ofNanos(left)).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof LeaderboardException error) {
        throw error;
      }
      throw e;
    }
  }

  /** Tells whether one bad update may take others with it, so that they go apart. */
  private static boolean mayBeOneOfThem(LeaderboardException error) {
    boolean tooLarge = error.code() == Status.Code.RESOURCE_EXHAUSTED && !error.isRetryable();
    return tooLarge || error.code() == Status.Code.INVALID_ARGUMENT;
  }

  private void settle(List<PendingUpdate> batch, List<BatchResult> outcomes) {
    List<PendingUpdate> taken = new ArrayList<>();
    List<PendingUpdate> refusals = new ArrayList<>();
    Optional<LeaderboardException> passing = Optional.empty();
    for (int i = 0; i < batch.size(); i++) {
      PendingUpdate update = batch.get(i);
      if (outcomes.get(i) instanceof BatchResult.Failure outcome) {
        update.fail(outcome.error());
        if (outcome.error().isRetryable()) {
          passing = Optional.of(outcome.error());
        } else {
          refusals.add(update);
        }
      } else {
        taken.add(update);
      }
    }
    acknowledged.addAndGet(taken.size());
    pending.done(taken);
    pause(passing);
    refuse(refusals);
  }

  private void pause(Optional<LeaderboardException> trouble) {
    trouble.ifPresent(
        error ->
            resume =
                System.nanoTime() + RetryDelay.after(failures, error.retryAfter()).toNanos());
    failures = trouble.isPresent() ? failures + 1 : 0;
  }

  private void refuseAll(List<PendingUpdate> updates, LeaderboardException why) {
    updates.forEach(update -> update.fail(why));
    refuse(updates);
  }

  /** Tells of updates that are not sent again. An Error of who hears of it waits for the last. */
  private void refuse(List<PendingUpdate> updates) {
    Error first = null;
    for (PendingUpdate update : updates) {
      refused.incrementAndGet();
      try {
        options.onError().accept(update.update(), update.trouble().orElseGet(BufferSender::late));
      } catch (Exception e) {
        ClientThreads.uncaught(e);
      } catch (Error e) {
        first = first == null ? e : first;
      }
    }
    pending.done(updates);
    if (first != null) {
      throw first;
    }
  }

  private static LeaderboardException late() {
    String text = "its time passed before it was sent";
    return StatusMapping.exception(RpcStatus.passing(Status.Code.DEADLINE_EXCEEDED, text, null));
  }
}
