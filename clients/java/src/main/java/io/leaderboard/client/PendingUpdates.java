package io.leaderboard.client;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The updates of a buffer that are not done, in the order in which they were added. */
final class PendingUpdates {
  private final TreeMap<Long, PendingUpdate> updates = new TreeMap<>();
  private final int maxPending;
  private final int batchSize;
  private final long linger;
  private long added;
  private int flushes;
  private boolean closed;

  PendingUpdates(int maxPending, int batchSize, Duration linger) {
    this.maxPending = maxPending;
    this.batchSize = batchSize;
    this.linger = linger.toNanos();
  }

  /** Adds an update, once there is room. */
  synchronized void add(ScoreUpdate update) throws InterruptedException {
    while (!closed && updates.size() >= maxPending) {
      wait();
    }
    if (closed) {
      throw new IllegalStateException("the buffer is closed");
    }
    added++;
    updates.put(added, new PendingUpdate(added, update));
    notifyAll();
  }

  /** Returns the first updates, once they are a batch or waited long enough; none when closed. */
  synchronized List<PendingUpdate> awaitBatch() throws InterruptedException {
    while (updates.isEmpty() && !closed) {
      wait();
    }
    while (updates.size() < batchSize && flushes == 0 && !closed) {
      long left = linger - updates.firstEntry().getValue().age();
      if (left <= 0) {
        break;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return updates.values().stream().limit(batchSize).toList();
  }

  /** Takes out updates that are done. */
  synchronized void done(Collection<PendingUpdate> finished) {
    finished.forEach(update -> updates.remove(update.number()));
    notifyAll();
  }

  /** Waits until all that were added before are done; nothing lingers meanwhile. */
  synchronized void flush() throws InterruptedException {
    long last = added;
    flushes++;
    notifyAll();
    try {
      while (!updates.isEmpty() && updates.firstKey() <= last) {
        wait();
      }
    } finally {
      flushes--;
    }
  }

  /** Takes no more updates. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }
}
