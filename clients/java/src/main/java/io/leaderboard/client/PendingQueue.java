package io.leaderboard.client;

import io.grpc.Status;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The pending updates of a buffer, in the order in which they were added. Thread-safe. */
final class PendingQueue {
  private final TreeMap<Long, Entry> entries = new TreeMap<>();
  private final int maxPending;
  private final long linger;
  private final long giveUpAfter;
  private long added;
  private int flushes;
  private boolean closed;
  private boolean cancelled;
  private Throwable failure;

  PendingQueue(ScoreBufferOptions options) {
    this.maxPending = options.maxPending();
    this.linger = TimeUnit.NANOSECONDS.convert(options.linger());
    this.giveUpAfter = TimeUnit.NANOSECONDS.convert(options.giveUpAfter());
  }

  /**
   * Adds an update, once there is room.
   *
   * @param mayWait false on the thread that makes room
   */
  synchronized void add(ScoreUpdate update, boolean mayWait) throws InterruptedException {
    while (!closed && !cancelled && entries.size() >= maxPending) {
      if (!mayWait) {
        throw new IllegalStateException("the buffer is full, and onError blocks it");
      }
      wait();
    }
    checkNotFailed();
    if (cancelled) {
      throw LeaderboardClient.closedError();
    }
    if (closed) {
      throw new IllegalStateException("the buffer is closed");
    }
    added++;
    entries.put(added, new Entry(added, update, giveUpAfter));
    notifyAll();
  }

  /**
   * Waits until the first updates are due: they fill a batch, the first one has lingered long
   * enough, or its time is over.
   *
   * @param size the size of a batch
   * @param resumeAt the {@link System#nanoTime} before which nothing is sent
   * @return up to that many updates; none once the buffer is closed and empty
   * @throws CancelledException if the client was closed
   */
  synchronized List<Entry> awaitBatch(int size, long resumeAt) throws InterruptedException {
    while (!cancelled) {
      long delay = nanosUntilDue(size, resumeAt);
      if (delay <= 0) {
        return entries.values().stream().limit(size).toList();
      }
      TimeUnit.NANOSECONDS.timedWait(this, delay);
    }
    throw LeaderboardClient.closedError();
  }

  /** Removes updates that were acknowledged or reported. */
  synchronized void remove(Collection<Entry> finished) {
    finished.forEach(entry -> entries.remove(entry.number));
    notifyAll();
  }

  /** Waits until all updates added so far are removed; no batch lingers meanwhile. */
  synchronized void flush() throws InterruptedException {
    long last = added;
    flushes++;
    notifyAll();
    try {
      while (!entries.isEmpty() && entries.firstKey() <= last) {
        wait();
      }
    } finally {
      flushes--;
    }
    checkNotFailed();
  }

  /** Accepts no more updates. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }

  /** Accepts no more updates because the client is closed, and returns the pending ones. */
  synchronized List<Entry> cancel() {
    cancelled = true;
    notifyAll();
    return List.copyOf(entries.values());
  }

  /** Accepts no more updates because the sender failed, and returns the pending ones. */
  synchronized List<Entry> fail(Throwable why) {
    failure = why;
    close();
    return List.copyOf(entries.values());
  }

  /**
   * Checks that the sender did not fail.
   *
   * @throws IllegalStateException if it failed
   */
  synchronized void checkNotFailed() {
    if (failure != null) {
      throw new IllegalStateException("the buffer failed: " + failure, failure);
    }
  }

  private long nanosUntilDue(int size, long resumeAt) {
    if (entries.isEmpty()) {
      return closed ? 0 : Long.MAX_VALUE;
    }
    Entry first = entries.firstEntry().getValue();
    boolean noLinger = entries.size() >= size || flushes > 0 || closed;
    long due = Math.max(resumeAt - System.nanoTime(), noLinger ? 0 : linger - first.age());
    return Math.min(due, first.remaining());
  }

  /** A pending update. Only the sender's thread uses its error. */
  static final class Entry {
    private final long number;
    private final ScoreUpdate update;
    private final long giveUpAfter;
    private final long addedAt = System.nanoTime();
    private LeaderboardException error;

    private Entry(long number, ScoreUpdate update, long giveUpAfter) {
      this.number = number;
      this.update = update;
      this.giveUpAfter = giveUpAfter;
    }

    ScoreUpdate update() {
      return update;
    }

    /** Returns the nanoseconds until the update is given up; 0 or less once they have passed. */
    long remaining() {
      return giveUpAfter - age();
    }

    void setError(LeaderboardException error) {
      this.error = error;
    }

    /** Returns the error of the last attempt to send the update; a timeout if none was made. */
    LeaderboardException error() {
      if (error != null) {
        return error;
      }
      String message = "not sent within giveUpAfter";
      return RpcStatus.local(Status.Code.DEADLINE_EXCEEDED, message, null, true).toException();
    }

    private long age() {
      return System.nanoTime() - addedAt;
    }
  }
}
