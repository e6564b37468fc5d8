package io.leaderboard.client;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Collects the exceptions that reach the uncaught exception handler while this is open. */
final class UncaughtErrors implements AutoCloseable {
  private final BlockingQueue<Throwable> caught = new LinkedBlockingQueue<>();
  private final Thread.UncaughtExceptionHandler before =
      Thread.getDefaultUncaughtExceptionHandler();

  UncaughtErrors() {
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> caught.add(error));
  }

  /** Waits for the next exception. */
  Throwable next() throws InterruptedException {
    return caught.take();
  }

  @Override
  public void close() {
    Thread.setDefaultUncaughtExceptionHandler(before);
  }
}
