package io.leaderboard.client;

import java.util.Set;

/**
 * Collects updates and sends them as batches in the background, one batch at a time.
 * Thread-safe.
 *
 * <p>Each update keeps its request id, so none is counted twice. Each one is acknowledged or
 * reported to {@code onError}. After a retryable error an update is sent again, before later ones,
 * until {@code giveUpAfter} has passed. Close the buffer to send the pending updates.
 *
 * <p>If the client is closed first, pending updates are reported with a {@link CancelledException}.
 * If {@code onError} throws an {@link Error}, the buffer fails: pending updates are reported, and
 * {@code add}, {@code flush} and {@code close} throw an {@link IllegalStateException}.
 */
public final class ScoreBuffer implements AutoCloseable {
  private final PendingQueue queue;
  private final BufferSender sender;
  private final Thread thread;

  /**
   * Creates a buffer and starts its thread.
   *
   * @param call sends a batch
   * @param options the limits
   * @param active the thread-safe set of buffers that still send; this one adds itself
   */
  ScoreBuffer(
      BufferSender.BatchCall call, ScoreBufferOptions options, Set<ScoreBuffer> active) {
    this.queue = new PendingQueue(options);
    this.sender = new BufferSender(call, queue, options);
    this.thread = ClientThreads.thread("buffer", () -> run(active));
    active.add(this);
    this.thread.start();
  }

  /**
   * Adds an update. Waits while {@code maxPending} updates are pending.
   *
   * @param update the update; it gets a random request id if it has none
   * @throws InterruptedException if the thread is interrupted while it waits; nothing was added
   * @throws CancelledException if the client is closed; nothing was added
   * @throws IllegalStateException if the buffer is closed or failed, or {@code onError} adds to a
   *     full buffer
   */
  public void add(ScoreUpdate update) throws InterruptedException {
    queue.add(update.withRequestId(), !isSenderThread());
  }

  /**
   * Waits until all updates added so far are acknowledged or reported.
   *
   * @throws InterruptedException if the thread is interrupted while it waits
   * @throws IllegalStateException if the buffer failed, or {@code onError} calls this
   */
  public void flush() throws InterruptedException {
    checkMayWait("flush");
    queue.flush();
  }

  /**
   * Returns the number of updates that the service acknowledged.
   *
   * @return the number, from 0
   */
  public long acknowledged() {
    return sender.acknowledged();
  }

  /**
   * Returns the number of updates that were refused or given up.
   *
   * @return the number, from 0
   */
  public long refused() {
    return sender.refused();
  }

  /**
   * Accepts no more updates, and waits until all are acknowledged or reported, also when the thread
   * is interrupted.
   *
   * @throws IllegalStateException if the buffer failed, or {@code onError} calls this
   */
  @Override
  public void close() {
    checkMayWait("close");
    queue.close();
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
    queue.checkNotFailed();
  }

  /** Stops sending because the client is closed. Pending updates are reported. */
  void cancel() {
    queue.cancel();
  }

  private void run(Set<ScoreBuffer> active) {
    try {
      sender.run();
    } finally {
      active.remove(this);
    }
  }

  private void checkMayWait(String method) {
    if (isSenderThread()) {
      throw new IllegalStateException(method + " in onError would wait for itself");
    }
  }

  private boolean isSenderThread() {
    return Thread.currentThread() == thread;
  }
}
