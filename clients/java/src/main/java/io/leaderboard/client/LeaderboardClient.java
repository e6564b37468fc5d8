package io.leaderboard.client;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;

/**
 * The client of the leaderboard service. Thread-safe; a program needs only one.
 *
 * <p>Each call returns a future at once. Within its timeout it retries where that may help: when a
 * server is unavailable, shuts down or is overloaded, when a connection breaks, and when an attempt
 * gets no response in 4 s. No update of a score is counted twice, because its request id stays the
 * same; all other calls can be repeated. A future fails with a {@link
 * LeaderboardException}; cancelling it cancels the call, which may have been applied.
 *
 * <p>Dependent stages of a future run on the threads of the client: they must not block for long.
 */
public final class LeaderboardClient extends UserCalls implements AutoCloseable {
  /** The error message of everything that ends because the client was closed. */
  static final String CLOSED = "the client was closed";

  private final ContestWatch.Resources watches;
  private final Set<ScoreBuffer> buffers = ConcurrentHashMap.newKeySet();

  private LeaderboardClient(
      UnaryCalls calls, Duration timeout, ContestWatch.Resources watches) {
    super(calls, timeout);
    this.watches = watches;
  }

  /**
   * Returns a client without TLS and token. It connects on its first call.
   *
   * @param address the servers, as for {@link #of(String, ClientOptions)}
   * @return the client
   * @throws IllegalArgumentException if the address is malformed
   */
  public static LeaderboardClient of(String address) {
    return of(address, ClientOptions.builder().build());
  }

  /**
   * Returns a client. It connects on its first call.
   *
   * @param address HOST:PORT; HOST:PORT,HOST:PORT for several servers of one store; or
   *     dns:///NAME:PORT for all servers that DNS has for a name. Calls and watches are spread over
   *     the servers, and go to the others while one is down
   * @param options the options of the client
   * @return the client
   * @throws IllegalArgumentException if the address or a TLS file is malformed, or a token would be
   *     sent unencrypted over a network
   * @throws java.io.UncheckedIOException if a TLS file can't be read
   */
  public static LeaderboardClient of(String address, ClientOptions options) {
    ExecutorService executor = ClientThreads.executor();
    ScheduledExecutorService timer = ClientThreads.timer();
    ChannelFactory factory = new ChannelFactory(address, options, executor);
    UnaryCalls calls = new UnaryCalls(factory.openPool(), timer);
    ContestWatch.Resources watches =
        new ContestWatch.Resources(
            factory,
            executor,
            timer,
            ConcurrentHashMap.newKeySet(),
            ContestWatch.Resources.IDLE_TIMEOUT,
            calls::isClosed);
    return new LeaderboardClient(calls, options.timeout(), watches);
  }

  /** Watches the first 10 rows of a contest; see {@link #watchContest(WatchOptions)}. */
  public ContestWatch watchContest(String contestId) {
    return watchContest(WatchOptions.builder(contestId).build());
  }

  /**
   * Watches a contest.
   *
   * @param options the contest, which need not exist yet, and the rows to watch
   * @return a publisher that starts a watch for each subscriber
   */
  public ContestWatch watchContest(WatchOptions options) {
    return new ContestWatch(options, watches);
  }

  /** Returns a buffer with the default options; see {@link #scoreBuffer(ScoreBufferOptions)}. */
  public ScoreBuffer scoreBuffer() {
    return scoreBuffer(ScoreBufferOptions.builder().build());
  }

  /**
   * Returns a buffer of updates, which sends them as batches in the background.
   *
   * @param options the options of the buffer
   * @return the buffer, to be closed before this client
   */
  public ScoreBuffer scoreBuffer(ScoreBufferOptions options) {
    ScoreBuffer buffer = new ScoreBuffer(this::sendBatch, options, buffers);
    if (calls.isClosed()) {
      buffer.cancel();
    }
    return buffer;
  }

  /**
   * Cancels all calls in flight, ends all watches and buffers, and closes the connections. Later
   * calls fail with a {@link CancelledException}. Pending updates of a buffer are reported to its
   * {@code onError} with one too.
   */
  @Override
  public void close() {
    calls.close();
    buffers.forEach(ScoreBuffer::cancel);
    calls.cancelAll();
    watches.active().forEach(watch -> watch.abort(closedError()));
    calls.disconnect();
  }

  static CancelledException closedError() {
    return new CancelledException();
  }

  private CompletableFuture<List<BatchResult>> sendBatch(
      List<ScoreUpdate> updates, Duration remaining) {
    return batchUpdateScores(updates, remaining.compareTo(timeout) < 0 ? remaining : timeout);
  }
}
