package io.leaderboard.client;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Makes the threads of a client. All are daemons, so they don't keep a program running. */
final class ClientThreads {
  private ClientThreads() {}

  /**
   * Returns the executor of responses and subscribers. Its threads end when idle. Their number is
   * unlimited: with a limit, callbacks that wait for other calls could block those for ever.
   */
  static ExecutorService executor() {
    return new ThreadPoolExecutor(
        0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), named("calls"));
  }

  /** Returns a timer of one thread. Once it is shut down, it drops tasks silently. */
  static ScheduledExecutorService timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1, named("timer"), new ThreadPoolExecutor.DiscardPolicy());
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return timer;
  }

  /** Returns a daemon thread that is not started yet. */
  static Thread thread(String purpose, Runnable action) {
    Thread thread = new Thread(action, "leaderboard-" + purpose);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Passes an exception of a callback to the uncaught exception handler of this thread. As in the
   * Java runtime, anything that the handler throws is ignored.
   */
  static void reportUncaught(Throwable error) {
    Thread thread = Thread.currentThread();
    try {
      thread.getUncaughtExceptionHandler().uncaughtException(thread, error);
    } catch (Throwable ignored) {
      return;
    }
  }

  private static ThreadFactory named(String purpose) {
    return action -> thread(purpose, action);
  }
}
