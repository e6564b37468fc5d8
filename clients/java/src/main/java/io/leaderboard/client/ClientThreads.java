package io.leaderboard.client;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Makes the threads of a client. They don't keep a program from ending. */
final class ClientThreads {
  private ClientThreads() {}

  /**
   * Returns threads for answers and subscribers; they end by themselves when idle. They have no
   * bound: one that is reached by callbacks that wait for other calls would hold up those for ever.
   */
  static ExecutorService executor() {
    return new ThreadPoolExecutor(
        0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), named("calls"));
  }

  /** Returns a thread that wakes others. Once it is shut down it does nothing, in silence. */
  static ScheduledExecutorService timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1, named("timer"), new ThreadPoolExecutor.DiscardPolicy());
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return timer;
  }

  /** Returns a thread that is not started yet. */
  static Thread thread(String purpose, Runnable action) {
    Thread thread = new Thread(action, "leaderboard-" + purpose);
    thread.setDaemon(true);
    return thread;
  }

  /** Tells of what a callback threw, as if its thread had ended with it. */
  static void uncaught(Throwable error) {
    Thread thread = Thread.currentThread();
    thread.getUncaughtExceptionHandler().uncaughtException(thread, error);
  }

  private static ThreadFactory named(String purpose) {
    return action -> thread(purpose, action);
  }
}
