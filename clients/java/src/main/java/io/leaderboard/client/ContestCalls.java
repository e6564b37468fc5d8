package io.leaderboard.client;

import io.leaderboard.v1.ContestServiceGrpc;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The calls of a {@link LeaderboardClient} that create, change, list and delete contests. */
abstract class ContestCalls extends ScoreCalls {
  ContestCalls(UnaryCalls calls, Duration timeout) {
    super(calls, timeout);
  }

  /** Calls {@link #createContest(ContestSettings, Duration)} with the client's timeout. */
  public CompletableFuture<Contest> createContest(ContestSettings settings) {
    return createContest(settings, timeout);
  }

  /**
   * Creates a contest. It can be repeated: a contest that exists with the same settings is
   * returned.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field and {@link
   * AlreadyExistsException} if the contest exists with other settings.
   *
   * @param settings the contest
   * @param timeout the timeout of the call including its retries
   * @return the contest
   */
  public CompletableFuture<Contest> createContest(ContestSettings settings, Duration timeout) {
    return calls.start(
        ContestServiceGrpc.getCreateContestMethod(),
        ContestMessages.create(settings),
        response -> ContestMessages.of(response.getContest()),
        timeout);
  }

  /** Calls {@link #getContest(String, Duration)} with the client's timeout. */
  public CompletableFuture<Contest> getContest(String contestId) {
    return getContest(contestId, timeout);
  }

  /**
   * Returns a contest.
   *
   * <p>Fails with {@link NotFoundException} if it does not exist, and {@link
   * InvalidRequestException} for a malformed id.
   *
   * @param contestId the contest
   * @param timeout the timeout of the call including its retries
   * @return the contest
   */
  public CompletableFuture<Contest> getContest(String contestId, Duration timeout) {
    return calls.start(
        ContestServiceGrpc.getGetContestMethod(),
        ContestMessages.get(contestId),
        response -> ContestMessages.of(response.getContest()),
        timeout);
  }

  /** Calls {@link #listContests(ContestsQuery, Duration)} for all contests. */
  public Iterable<Contest> listContests() {
    return listContests(ContestsQuery.builder().build());
  }

  /** Calls {@link #listContests(ContestsQuery, Duration)} with the client's timeout. */
  public Iterable<Contest> listContests(ContestsQuery query) {
    return listContests(query, timeout);
  }

  /**
   * Returns contests in the order of their ids, also those that began with a score.
   *
   * <p>Each iterator reads them from the beginning, page by page. Its methods block while a page is
   * read, throw a {@link LeaderboardException} if that fails, and a {@link
   * java.util.concurrent.CancellationException} if the thread is interrupted. A contest that begins
   * meanwhile may be missing.
   *
   * @param query the contests
   * @param timeout the timeout of each page including its retries
   * @return the contests
   */
  public Iterable<Contest> listContests(ContestsQuery query, Duration timeout) {
    return () ->
        new PageIterator<>(
            "",
            pageToken ->
                calls.start(
                    ContestServiceGrpc.getListContestsMethod(),
                    ContestMessages.list(query, pageToken),
                    ContestMessages::of,
                    timeout));
  }

  /** Calls {@link #updateContest(ContestUpdate, Duration)} with the client's timeout. */
  public CompletableFuture<Contest> updateContest(ContestUpdate update) {
    return updateContest(update, timeout);
  }

  /**
   * Changes settings of a contest. Its watchers get a snapshot with the reason {@link
   * SnapshotReason#CONTEST_UPDATED}.
   *
   * <p>Fails with {@link NotFoundException} if the contest does not exist, {@link
   * InvalidRequestException} for a malformed field or without a setting to change, and {@link
   * FailedPreconditionException} if a rule would reorder a board that has scores.
   *
   * @param update the settings to change
   * @param timeout the timeout of the call including its retries
   * @return the contest after the change
   */
  public CompletableFuture<Contest> updateContest(ContestUpdate update, Duration timeout) {
    return calls.start(
        ContestServiceGrpc.getUpdateContestMethod(),
        ContestMessages.update(update),
        response -> ContestMessages.of(response.getContest()),
        timeout);
  }

  /** Calls {@link #deleteContest(String, String, Duration)} for any epoch of the contest. */
  public CompletableFuture<Void> deleteContest(String contestId) {
    return deleteContest(contestId, "");
  }

  /** Calls {@link #deleteContest(String, String, Duration)} with the client's timeout. */
  public CompletableFuture<Void> deleteContest(String contestId, String epoch) {
    return deleteContest(contestId, epoch, timeout);
  }

  /**
   * Deletes a contest with all that it holds. Its watches end as {@link WatchState#DELETED}. The
   * remembered request ids are deleted too: an update that is sent again is a new one, and begins
   * the contest again. A contest that does not exist is no error.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field.
   *
   * @param contestId the contest
   * @param epoch the epoch of the contest that is meant, of its position: one that began since, or
   *     is in another season, is not deleted, which is no error; empty for any
   * @param timeout the timeout of the call including its retries
   * @return a future that completes when the contest is deleted
   */
  public CompletableFuture<Void> deleteContest(String contestId, String epoch, Duration timeout) {
    return calls.start(
        ContestServiceGrpc.getDeleteContestMethod(),
        ContestMessages.delete(contestId, epoch),
        response -> null,
        timeout);
  }
}
