package io.leaderboard.client;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Catches, while it is open, what threads end with, or are said to. */
final class UncaughtErrors implements AutoCloseable {
  private final BlockingQueue<Throwable> caught = new LinkedBlockingQueue<>();
  private final Thread.UncaughtExceptionHandler before =
      Thread.getDefaultUncaughtExceptionHandler();

  UncaughtErrors() {
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> caught.add(error));
  }

  /** Waits for the next one. */
  Throwable next() throws InterruptedException {
    return caught.take();
  }

  @Override
  public void close() {
    Thread.setDefaultUncaughtExceptionHandler(before);
  }
}
