package io.leaderboard.client;

import io.leaderboard.v1.LeaderboardServiceGrpc;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The calls of a {@link LeaderboardClient} that change and read scores. */
abstract class ScoreCalls {
  final UnaryCalls calls;
  final Duration timeout;

  /**
   * Creates the calls of a client.
   *
   * @param calls starts them
   * @param timeout the timeout of a call that is given none
   */
  ScoreCalls(UnaryCalls calls, Duration timeout) {
    this.calls = calls;
    this.timeout = timeout;
  }

  /** Calls {@link #updateScore(ScoreUpdate, Duration)} with the client's timeout. */
  public CompletableFuture<UpdateResult> updateScore(ScoreUpdate update) {
    return updateScore(update, timeout);
  }

  /**
   * Changes the score of one user.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field, {@link
   * OutOfRangeException} if the points or the resulting score are beyond the bounds, {@link
   * RequestIdReusedException} if the request id was used with another payload, {@link
   * FailedPreconditionException} if the contest is not open or the season of the update is not the
   * current one, and {@link NotFoundException} if the contest does not exist and the server begins
   * none.
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
   * Returns the first rows of a contest, within the client's timeout.
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
   * Returns consecutive rows of a contest.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field, {@link
   * FailedPreconditionException} if the requested position can't be reached, and {@link
   * NotFoundException} if the season is not kept.
   *
   * @param query the rows to return
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
   * <p>Fails with {@link NotFoundException} if the user has no score in the contest or is hidden, or
   * the season is not kept, {@link InvalidRequestException} for a malformed field and {@link
   * FailedPreconditionException} if the requested position can't be reached.
   *
   * @param query the user, and the numbers of neighbors and of rows around
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

  /** Calls {@link #batchGetUserRanks(UserRanksQuery, Duration)} with the client's timeout. */
  public CompletableFuture<UserRanks> batchGetUserRanks(UserRanksQuery query) {
    return batchGetUserRanks(query, timeout);
  }

  /**
   * Returns the scores and ranks of up to 1,000 users, all of one state.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field, and if there are 0 or more
   * than 1,000 users, {@link FailedPreconditionException} if the requested position can't be
   * reached, and {@link NotFoundException} if the season is not kept. Users without a score are no
   * error.
   *
   * @param query the users
   * @param timeout the timeout of the call including its retries
   * @return the ranks, best first
   */
  public CompletableFuture<UserRanks> batchGetUserRanks(UserRanksQuery query, Duration timeout) {
    return calls.start(
        LeaderboardServiceGrpc.getBatchGetUserRanksMethod(),
        Requests.of(query),
        Responses::of,
        timeout);
  }

  /** Calls {@link #getScoreRank(ScoreRankQuery, Duration)} with the client's timeout. */
  public CompletableFuture<ScoreRank> getScoreRank(String contestId, long score) {
    return getScoreRank(ScoreRankQuery.builder(contestId, score).build());
  }

  /** Calls {@link #getScoreRank(ScoreRankQuery, Duration)} with the client's timeout. */
  public CompletableFuture<ScoreRank> getScoreRank(ScoreRankQuery query) {
    return getScoreRank(query, timeout);
  }

  /**
   * Returns the rank that a new user with a score would have, and optionally the rows around.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field, {@link
   * FailedPreconditionException} if the requested position can't be reached, and {@link
   * NotFoundException} if the season is not kept. An unknown contest is an empty board.
   *
   * @param query the score and the number of rows around
   * @param timeout the timeout of the call including its retries
   * @return the rank
   */
  public CompletableFuture<ScoreRank> getScoreRank(ScoreRankQuery query, Duration timeout) {
    return calls.start(
        LeaderboardServiceGrpc.getGetScoreRankMethod(),
        Requests.of(query),
        Responses::of,
        timeout);
  }
}
