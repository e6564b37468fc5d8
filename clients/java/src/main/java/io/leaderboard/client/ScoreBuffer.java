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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Gathers updates and sends them as batches in the background, one after the other. Safe for
 * threads.
 *
 * <p>Each update keeps its request id, so none counts twice, and none is dropped in silence: it is
 * acknowledged, or {@code onError} hears of it. What the service can't take now is sent again,
 * ahead of what was added later, until {@code giveUpAfter} has passed. Close it to send the rest.
 */
public final class ScoreBuffer implements AutoCloseable {
  private final Function<List<ScoreUpdate>, CompletableFuture<List<BatchOutcome>>> sender;
  private final ScoreBufferOptions options;
  private final PendingUpdates pending;
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final Thread thread;

  ScoreBuffer(
      Function<List<ScoreUpdate>, CompletableFuture<List<BatchOutcome>>> sender,
      ScoreBufferOptions options) {
    this.sender = sender;
    this.options = options;
    this.pending =
        new PendingUpdates(options.maxPending(), options.batchSize(), options.linger());
    this.thread = ClientThreads.thread("buffer", this::run);
    this.thread.start();
  }

  /**
   * Adds an update. Waits while {@code maxPending} updates are pending.
   *
   * @param update the update; it gets a request id if it has none
   * @throws InterruptedException if the thread is interrupted while it waits; nothing was added
   * @throws IllegalStateException if the buffer is closed
   */
  public void add(ScoreUpdate update) throws InterruptedException {
    pending.add(update.named());
  }

  /**
   * Waits until all updates that were added before are done.
   *
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void flush() throws InterruptedException {
    pending.flush();
  }

  /**
   * Returns how many updates the service took.
   *
   * @return the number, from 0
   */
  public long acknowledged() {
    return acknowledged.get();
  }

  /**
   * Returns how many updates were refused for good or given up.
   *
   * @return the number, from 0
   */
  public long refused() {
    return refused.get();
  }

  /** Takes no more updates, and waits until all are done, also if the thread is interrupted. */
  @Override
  public void close() {
    pending.close();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      int failures = 0;
      List<PendingUpdate> batch = pending.awaitBatch();
      while (!batch.isEmpty()) {
        Optional<LeaderboardException> trouble = send(batch);
        if (trouble.isPresent()) {
          Duration delay = RetryDelay.after(failures, trouble.get().retryAfter());
          TimeUnit.NANOSECONDS.sleep(delay.toNanos());
        }
        failures = trouble.isPresent() ? failures + 1 : 0;
        batch = pending.awaitBatch();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the thread of a buffer", e);
    }
  }

  /** Sends a batch, and returns why some of it has to be sent again, if some has. */
  private Optional<LeaderboardException> send(List<PendingUpdate> batch) {
    batch.forEach(PendingUpdate::send);
    List<BatchOutcome> outcomes = outcomes(batch.stream().map(PendingUpdate::update).toList());
    Optional<LeaderboardException> trouble = Optional.empty();
    List<PendingUpdate> finished = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      PendingUpdate update = batch.get(i);
      if (outcomes.get(i) instanceof BatchOutcome.Refused outcome) {
        if (outcome.error().heals() && update.tried() < options.giveUpAfter().toNanos()) {
          trouble = Optional.of(outcome.error());
          continue;
        }
        refused.incrementAndGet();
        report(update.update(), outcome.error());
      } else {
        acknowledged.incrementAndGet();
      }
      finished.add(update);
    }
    pending.done(finished);
    return trouble;
  }

  private List<BatchOutcome> outcomes(List<ScoreUpdate> updates) {
    try {
      return sender.apply(updates).join();
    } catch (CancellationException e) {
      Refusal refusal = Refusal.of(Status.Code.FAILED_PRECONDITION, "the client is closed", e);
      return refusedAll(updates, Refusals.exception(refusal));
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof LeaderboardException error)) {
        throw e;
      }
      return updates.size() > 1 && mayBeOneOfThem(error)
          ? halves(updates)
          : refusedAll(updates, error);
    }
  }

  /** Sends the halves of a batch apart, so that one bad update does not take others with it. */
  private List<BatchOutcome> halves(List<ScoreUpdate> updates) {
    int half = updates.size() / 2;
    List<BatchOutcome> outcomes = new ArrayList<>(outcomes(updates.subList(0, half)));
    outcomes.addAll(outcomes(updates.subList(half, updates.size())));
    return outcomes;
  }

  private static boolean mayBeOneOfThem(LeaderboardException error) {
    boolean tooLarge = error.code() == Status.Code.RESOURCE_EXHAUSTED && !error.isRetryable();
    return tooLarge || error.code() == Status.Code.INVALID_ARGUMENT;
  }

  private static List<BatchOutcome> refusedAll(
      List<ScoreUpdate> updates, LeaderboardException error) {
    return Collections.nCopies(updates.size(), new BatchOutcome.Refused(error));
  }

  private void report(ScoreUpdate update, LeaderboardException error) {
    try {
      options.onError().accept(update, error);
    } catch (RuntimeException e) {
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }
}
