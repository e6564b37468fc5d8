package io.leaderboard.client;

import io.grpc.MethodDescriptor;
import io.leaderboard.v1.LeaderboardServiceGrpc;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;

/**
 * Calls the leaderboard service. Safe for threads; one is enough for a program.
 *
 * <p>Each call returns at once with a future. It tries again by itself while its time allows, where
 * that may help: a server that is away, stops or is overloaded, a connection that breaks, an
 * attempt that gets no answer in 4 s. That never counts twice, because every write has a request id
 * that stays the same. A future that fails does so with a {@link LeaderboardException}; cancelling
 * it ends the call, which may have been applied.
 *
 * <p>What depends on a future runs on the threads of the client: do nothing there that waits for
 * long.
 */
public final class LeaderboardClient implements AutoCloseable {
  /** What ends everything when the client is closed. */
  static final String CLOSED = "the client was closed";

  private final Duration timeout;
  private final PooledChannel connection;
  private final ScheduledExecutorService timer;
  private final Set<CompletableFuture<?>> calls = ConcurrentHashMap.newKeySet();
  private final WatchResources watches;
  private final Set<ScoreBuffer> buffers = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private LeaderboardClient(String address, ClientOptions options) {
    ExecutorService executor = ClientThreads.executor();
    ChannelPool channels = new ChannelPool(address, options, executor);
    this.timeout = options.timeout();
    this.connection = new PooledChannel(channels.open());
    this.timer = ClientThreads.timer();
    this.watches =
        new WatchResources(
            channels,
            executor,
            timer,
            ConcurrentHashMap.newKeySet(),
            WatchResources.SILENCE);
  }

  /**
   * Makes a client without TLS or a token. It connects with its first call.
   *
   * @param address HOST:PORT
   * @return the client
   * @throws IllegalArgumentException if the address is malformed
   */
  public static LeaderboardClient of(String address) {
    return of(address, ClientOptions.builder().build());
  }

  /**
   * Makes a client. It connects with its first call.
   *
   * @param address HOST:PORT
   * @param options how to reach the server
   * @return the client
   * @throws IllegalArgumentException if the address or a file of TLS is malformed, or a token would
   *     be sent readable over a network
   * @throws java.io.UncheckedIOException if a file of TLS can't be read
   */
  public static LeaderboardClient of(String address, ClientOptions options) {
    return new LeaderboardClient(address, options);
  }

  /**
   * Changes the score of one user in the client's time; see {@link #updateScore(ScoreUpdate,
   * Duration)}.
   *
   * @param update the change
   * @return what it led to
   */
  public CompletableFuture<UpdateResult> updateScore(ScoreUpdate update) {
    return updateScore(update, timeout);
  }

  /**
   * Changes the score of one user.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field, {@link
   * OutOfRangeException} when the points or the resulting score pass 2^53, and {@link
   * RequestIdReusedException} when the request id was used with another payload.
   *
   * @param update the change
   * @param timeout the time of the whole call
   * @return what it led to
   */
  public CompletableFuture<UpdateResult> updateScore(ScoreUpdate update, Duration timeout) {
    return call(
        LeaderboardServiceGrpc.getUpdateScoreMethod(),
        Requests.of(update.named()),
        Responses::of,
        timeout);
  }

  /**
   * Changes many scores in the client's time; see {@link #batchUpdateScores(List, Duration)}.
   *
   * @param updates the changes
   * @return one outcome for each, in their order
   */
  public CompletableFuture<List<BatchResult>> batchUpdateScores(List<ScoreUpdate> updates) {
    return batchUpdateScores(updates, timeout);
  }

  /**
   * Changes many scores, of one or of several contests. The updates of one contest are applied in
   * their order in one atomic step; a refused one does not hold up the others.
   *
   * <p>Fails as a whole with {@link InvalidRequestException} when there are none or more than
   * 1,000.
   *
   * @param updates the changes, 1 to 1,000
   * @param timeout the time of the whole call
   * @return one outcome for each, in their order
   */
  public CompletableFuture<List<BatchResult>> batchUpdateScores(
      List<ScoreUpdate> updates, Duration timeout) {
    List<ScoreUpdate> named = updates.stream().map(ScoreUpdate::named).toList();
    return call(
        LeaderboardServiceGrpc.getBatchUpdateScoresMethod(),
        Requests.of(named),
        answer -> Responses.of(answer, named.size()),
        timeout);
  }

  /**
   * Returns the first ranks of a contest in the client's time.
   *
   * @param contestId the contest; an unknown one is an empty board
   * @param limit how many users to return, from 1 to 1,000
   * @return the users, best first
   */
  public CompletableFuture<TopUsers> getTopUsers(String contestId, int limit) {
    return getTopUsers(TopUsersQuery.builder(contestId).limit(limit).build(), timeout);
  }

  /**
   * Returns consecutive ranks of a contest.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field and {@link
   * FailedPreconditionException} when the asked position can't be reached.
   *
   * @param query what to return
   * @param timeout the time of the whole call
   * @return the users, best first
   */
  public CompletableFuture<TopUsers> getTopUsers(TopUsersQuery query, Duration timeout) {
    return call(
        LeaderboardServiceGrpc.getGetTopUsersMethod(),
        Requests.of(query),
        Responses::of,
        timeout);
  }

  /**
   * Returns consecutive ranks of a contest in the client's time; see {@link
   * #getTopUsers(TopUsersQuery, Duration)}.
   *
   * @param query what to return
   * @return the users, best first
   */
  public CompletableFuture<TopUsers> getTopUsers(TopUsersQuery query) {
    return getTopUsers(query, timeout);
  }

  /**
   * Returns the rank of one user in the client's time; see {@link #getUserRank(UserRankQuery,
   * Duration)}.
   *
   * @param contestId the contest
   * @param userId the user
   * @return the rank
   */
  public CompletableFuture<UserRank> getUserRank(String contestId, String userId) {
    return getUserRank(UserRankQuery.builder(contestId, userId).build(), timeout);
  }

  /**
   * Returns the rank of one user in the client's time; see {@link #getUserRank(UserRankQuery,
   * Duration)}.
   *
   * @param query what to return
   * @return the rank
   */
  public CompletableFuture<UserRank> getUserRank(UserRankQuery query) {
    return getUserRank(query, timeout);
  }

  /**
   * Returns the score and rank of one user, on request with the users around.
   *
   * <p>Fails with {@link NotFoundException} when the user has no score in the contest, {@link
   * InvalidRequestException} for a malformed field and {@link FailedPreconditionException} when the
   * asked position can't be reached.
   *
   * @param query what to return
   * @param timeout the time of the whole call
   * @return the rank
   */
  public CompletableFuture<UserRank> getUserRank(UserRankQuery query, Duration timeout) {
    return call(
        LeaderboardServiceGrpc.getGetUserRankMethod(),
        Requests.of(query),
        Responses::of,
        timeout);
  }

  /**
   * Watches the first 10 ranks of a contest.
   *
   * @param contestId the contest; it need not exist yet
   * @return a watch that begins with each subscriber
   */
  public ContestWatch watchContest(String contestId) {
    return watchContest(WatchOptions.builder(contestId).build());
  }

  /**
   * Watches a contest.
   *
   * @param options what to watch
   * @return a watch that begins with each subscriber
   */
  public ContestWatch watchContest(WatchOptions options) {
    return new ContestWatch(options, watches, () -> closed);
  }

  /**
   * Makes a buffer of updates with the defaults.
   *
   * @return a buffer, to be closed before this client
   */
  public ScoreBuffer scoreBuffer() {
    return scoreBuffer(ScoreBufferOptions.builder().build());
  }

  /**
   * Makes a buffer of updates, which sends them as batches in the background.
   *
   * @param options its bounds
   * @return a buffer, to be closed before this client
   */
  public ScoreBuffer scoreBuffer(ScoreBufferOptions options) {
    ScoreBuffer buffer = new ScoreBuffer(this::sendPending, options, buffers);
    if (closed) {
      buffer.cancel();
    }
    return buffer;
  }

  /**
   * Cancels what is under way, ends all watches and buffers, and closes the connections. Calls from
   * now on fail with a {@link CancellationException}. What is pending in a buffer is told to its
   * {@code onError} with a {@link CancelledException}.
   */
  @Override
  public void close() {
    closed = true;
    buffers.forEach(ScoreBuffer::cancel);
    calls.forEach(future -> future.completeExceptionally(closedError()));
    watches.live().forEach(watch -> watch.abort(closedError()));
    connection.close();
    timer.shutdown();
  }

  static CancellationException closedError() {
    return new CancellationException(CLOSED);
  }

  private CompletableFuture<List<BatchResult>> sendPending(
      List<ScoreUpdate> updates, Duration left) {
    return batchUpdateScores(updates, left.compareTo(timeout) < 0 ? left : timeout);
  }

  private <Q, A, R> CompletableFuture<R> call(
      MethodDescriptor<Q, A> method, Q request, Function<A, R> read, Duration timeout) {
    if (closed) {
      return CompletableFuture.failedFuture(closedError());
    }
    CompletableFuture<R> future =
        new RetriedCall<>(connection, timer, method, request, read, timeout).start();
    calls.add(future);
    future.whenComplete((result, error) -> calls.remove(future));
    if (closed) {
      future.completeExceptionally(closedError());
    }
    return future;
  }
}
