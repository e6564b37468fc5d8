package io.leaderboard.client;

import io.leaderboard.v1.LeaderboardServiceGrpc;
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
 * gets no response in 4 s. No write is counted twice, because its request id stays the same. A
 * future fails with a {@link LeaderboardException}; cancelling it cancels the call, which may have
 * been applied.
 *
 * <p>Dependent stages of a future run on the threads of the client: they must not block for long.
 */
public final class LeaderboardClient implements AutoCloseable {
  /** The error message of everything that ends because the client was closed. */
  static final String CLOSED = "the client was closed";

  private final Duration timeout;
  private final ChannelPool channels;
  private final ScheduledExecutorService timer = ClientThreads.timer();
  private final UnaryCalls calls;
  private final ContestWatch.Resources watches;
  private final Set<ScoreBuffer> buffers = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private LeaderboardClient(String address, ClientOptions options) {
    ExecutorService executor = ClientThreads.executor();
    ChannelFactory factory = new ChannelFactory(address, options, executor);
    this.timeout = options.timeout();
    this.channels = factory.openPool();
    this.calls = new UnaryCalls(this.channels, timer, () -> closed);
    this.watches =
        new ContestWatch.Resources(
            factory,
            executor,
            timer,
            ConcurrentHashMap.newKeySet(),
            ContestWatch.Resources.IDLE_TIMEOUT,
            () -> closed);
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
    return new LeaderboardClient(address, options);
  }

  /** Calls {@link #updateScore(ScoreUpdate, Duration)} with the client's timeout. */
  public CompletableFuture<UpdateResult> updateScore(ScoreUpdate update) {
    return updateScore(update, timeout);
  }

  /**
   * Changes the score of one user.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field, {@link
   * OutOfRangeException} if the points or the resulting score exceed ±2^53, and {@link
   * RequestIdReusedException} if the request id was used with another payload.
   *
   * @param update the change
   * @param timeout the timeout of the call including its retries
   * @return the result
   */
  public CompletableFuture<UpdateResult> updateScore(ScoreUpdate update, Duration timeout) {
    return calls.start(
        LeaderboardServiceGrpc.getUpdateScoreMethod(),
        Requests.of(update.withRequestId()),
        Responses::of,
        timeout);
  }

  /** Calls {@link #batchUpdateScores(List, Duration)} with the client's timeout. */
  public CompletableFuture<List<BatchResult>> batchUpdateScores(List<ScoreUpdate> updates) {
    return batchUpdateScores(updates, timeout);
  }

  /**
   * Changes many scores, of one or of several contests. The updates of one contest are applied in
   * order in one atomic step; an update that fails does not affect the others.
   *
   * <p>Fails as a whole with {@link InvalidRequestException} if there are 0 or more than 1,000
   * updates.
   *
   * @param updates the changes, 1 to 1,000
   * @param timeout the timeout of the call including its retries
   * @return one result for each update, in order
   */
  public CompletableFuture<List<BatchResult>> batchUpdateScores(
      List<ScoreUpdate> updates, Duration timeout) {
    List<ScoreUpdate> identified = updates.stream().map(ScoreUpdate::withRequestId).toList();
    return calls.start(
        LeaderboardServiceGrpc.getBatchUpdateScoresMethod(),
        Requests.of(identified),
        response -> Responses.of(response, identified.size()),
        timeout);
  }

  /**
   * Returns the first ranks of a contest, within the client's timeout.
   *
   * @param contestId the contest; an unknown one has an empty board
   * @param limit the number of users to return, from 1 to 1,000
   * @return the users, best first
   */
  public CompletableFuture<TopUsers> getTopUsers(String contestId, int limit) {
    return getTopUsers(TopUsersQuery.builder(contestId).limit(limit).build());
  }

  /** Calls {@link #getTopUsers(TopUsersQuery, Duration)} with the client's timeout. */
  public CompletableFuture<TopUsers> getTopUsers(TopUsersQuery query) {
    return getTopUsers(query, timeout);
  }

  /**
   * Returns consecutive ranks of a contest.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field and {@link
   * FailedPreconditionException} if the requested position can't be reached.
   *
   * @param query the ranks to return
   * @param timeout the timeout of the call including its retries
   * @return the users, best first
   */
  public CompletableFuture<TopUsers> getTopUsers(TopUsersQuery query, Duration timeout) {
    return calls.start(
        LeaderboardServiceGrpc.getGetTopUsersMethod(),
        Requests.of(query),
        Responses::of,
        timeout);
  }

  /** Calls {@link #getUserRank(UserRankQuery, Duration)} with the client's timeout. */
  public CompletableFuture<UserRank> getUserRank(String contestId, String userId) {
    return getUserRank(UserRankQuery.builder(contestId, userId).build());
  }

  /** Calls {@link #getUserRank(UserRankQuery, Duration)} with the client's timeout. */
  public CompletableFuture<UserRank> getUserRank(UserRankQuery query) {
    return getUserRank(query, timeout);
  }

  /**
   * Returns the score and rank of one user, and optionally the users around.
   *
   * <p>Fails with {@link NotFoundException} if the user has no score in the contest, {@link
   * InvalidRequestException} for a malformed field and {@link FailedPreconditionException} if the
   * requested position can't be reached.
   *
   * @param query the user and the number of neighbors
   * @param timeout the timeout of the call including its retries
   * @return the rank
   */
  public CompletableFuture<UserRank> getUserRank(UserRankQuery query, Duration timeout) {
    return calls.start(
        LeaderboardServiceGrpc.getGetUserRankMethod(),
        Requests.of(query),
        Responses::of,
        timeout);
  }

  /** Watches the first 10 ranks of a contest; see {@link #watchContest(WatchOptions)}. */
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
    if (closed) {
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
    closed = true;
    buffers.forEach(ScoreBuffer::cancel);
    calls.cancelAll();
    watches.active().forEach(watch -> watch.abort(closedError()));
    channels.close();
    timer.shutdown();
  }

  static CancelledException closedError() {
    return new CancelledException();
  }

  private CompletableFuture<List<BatchResult>> sendBatch(
      List<ScoreUpdate> updates, Duration remaining) {
    return batchUpdateScores(updates, remaining.compareTo(timeout) < 0 ? remaining : timeout);
  }
}
