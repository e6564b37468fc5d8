package io.leaderboard.client;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * Gathers updates and sends them as batches in the background, one after the other. Safe for
 * threads.
 *
 * <p>Each update keeps its request id, so none counts twice, and none is dropped in silence: it is
 * acknowledged, or {@code onError} hears of it. What the service can't take now is sent again,
 * ahead of what was added later, until {@code giveUpAfter} has passed. Close it to send the rest.
 *
 * <p>When the client is closed first, what is pending is told of with a {@link
 * CancelledException}. When {@code onError} throws an {@link Error}, the buffer ends: what is
 * pending is told of, and each method that adds or waits throws an {@link IllegalStateException}.
 */
public final class ScoreBuffer implements AutoCloseable {
  private final PendingQueue pending;
  private final BufferSender sender;
  private final Thread thread;

  /**
   * Makes a buffer.
   *
   * @param call sends a batch in at most the given time
   * @param options its bounds
   * @param live the buffers that send; this one too, while it does; safe for threads
   */
  ScoreBuffer(
      BiFunction<List<ScoreUpdate>, Duration, CompletableFuture<List<BatchResult>>> call,
      ScoreBufferOptions options,
      Set<ScoreBuffer> live) {
    this.pending = new PendingQueue(options);
    this.sender = new BufferSender(call, pending, options);
    this.thread = ClientThreads.thread("buffer", () -> run(live));
    live.add(this);
    this.thread.start();
  }

  /**
   * Adds an update. Waits while {@code maxPending} updates are pending.
   *
   * @param update the update; it gets a request id if it has none
   * @throws InterruptedException if the thread is interrupted while it waits; nothing was added
   * @throws IllegalStateException if the buffer or its client is closed, the buffer ended by an
   *     error, or {@code onError} adds to a full one
   */
  public void add(ScoreUpdate update) throws InterruptedException {
    pending.add(update.named(), !isOnItsThread());
  }

  /**
   * Waits until all updates that were added before are done.
   *
   * @throws InterruptedException if the thread is interrupted while it waits
   * @throws IllegalStateException if the buffer ended by an error, or {@code onError} waits for
   *     itself
   */
  public void flush() throws InterruptedException {
    checkWaits("flush");
    pending.flush();
  }

  /**
   * Returns how many updates the service took.
   *
   * @return the number, from 0
   */
  public long acknowledged() {
    return sender.acknowledged();
  }

  /**
   * Returns how many updates were refused for good or given up.
   *
   * @return the number, from 0
   */
  public long refused() {
    return sender.refused();
  }

  /**
   * Takes no more updates, and waits until all are done, also if the thread is interrupted.
   *
   * @throws IllegalStateException if the buffer ended by an error, or {@code onError} waits for
   *     itself
   */
  @Override
  public void close() {
    checkWaits("close");
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
    pending.checkSound();
  }

  /** Sends nothing more, as the client is closed. What is pending is told of. */
  void cancel() {
    pending.cancel();
  }

  private void run(Set<ScoreBuffer> live) {
    try {
      sender.run();
    } finally {
      live.remove(this);
    }
  }

  private void checkWaits(String what) {
    if (isOnItsThread()) {
      throw new IllegalStateException(what + " in onError would wait for itself");
    }
  }

  private boolean isOnItsThread() {
    return Thread.currentThread() == thread;
  }
}
