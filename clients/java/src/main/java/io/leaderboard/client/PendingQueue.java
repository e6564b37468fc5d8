package io.leaderboard.client;

import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/** The updates of a buffer that are not done, in the order in which they were added. */
final class PendingQueue {
  private final TreeMap<Long, PendingUpdate> updates = new TreeMap<>();
  private final int maxPending;
  private final long linger;
  private final long giveUpAfter;
  private long added;
  private int flushes;
  private boolean closed;
  private boolean cancelled;
  private Throwable defect;

  PendingQueue(ScoreBufferOptions options) {
    this.maxPending = options.maxPending();
    this.linger = TimeUnit.NANOSECONDS.convert(options.linger());
    this.giveUpAfter = TimeUnit.NANOSECONDS.convert(options.giveUpAfter());
  }

  /**
   * Adds an update, once there is room.
   *
   * @param mayWait whether the caller is not the one who makes room
   */
  synchronized void add(ScoreUpdate update, boolean mayWait) throws InterruptedException {
    while (!closed && !cancelled && updates.size() >= maxPending) {
      if (!mayWait) {
        throw new IllegalStateException("the buffer is full, and onError holds it up");
      }
      wait();
    }
    checkSound();
    if (cancelled) {
      throw LeaderboardClient.closedError();
    }
    if (closed) {
      throw new IllegalStateException("the buffer is closed");
    }
    added++;
    updates.put(added, new PendingUpdate(added, update, giveUpAfter));
    notifyAll();
  }

  /**
   * Returns the first updates, once there is something to do: they are a batch or waited long
   * enough, or the time of the first has passed.
   *
   * @param size how many make a batch
   * @param resume when sending may go on, as {@link System#nanoTime} says
   * @return up to that many updates; none when the buffer is closed and all are done
   * @throws CancellationException if the client was closed
   */
  synchronized List<PendingUpdate> awaitBatch(int size, long resume) throws InterruptedException {
    while (!cancelled) {
      long idle = idle(size, resume);
      if (idle <= 0) {
        return updates.values().stream().limit(size).toList();
      }
      TimeUnit.NANOSECONDS.timedWait(this, idle);
    }
    throw LeaderboardClient.closedError();
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
    checkSound();
  }

  /** Takes no more updates. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }

  /** Takes no more updates as the client is closed, and returns those that are left. */
  synchronized List<PendingUpdate> cancel() {
    cancelled = true;
    notifyAll();
    return List.copyOf(updates.values());
  }

  /** Takes no more updates, as nobody sends them any more, and returns those that are left. */
  synchronized List<PendingUpdate> fail(Throwable why) {
    defect = why;
    close();
    return List.copyOf(updates.values());
  }

  /**
   * Does nothing as long as somebody sends the updates.
   *
   * @throws IllegalStateException if that ended by an error
   */
  synchronized void checkSound() {
    if (defect != null) {
      throw new IllegalStateException("the buffer ended by an error: " + defect, defect);
    }
  }

  /** Returns the nanoseconds until there is something to do. */
  private long idle(int size, long resume) {
    if (updates.isEmpty()) {
      return closed ? 0 : Long.MAX_VALUE;
    }
    PendingUpdate first = updates.firstEntry().getValue();
    boolean hurried = updates.size() >= size || flushes > 0 || closed;
    long ready = Math.max(resume - System.nanoTime(), hurried ? 0 : linger - first.age());
    return Math.min(ready, first.left());
  }
}
