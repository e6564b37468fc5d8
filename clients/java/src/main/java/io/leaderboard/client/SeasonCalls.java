package io.leaderboard.client;

import io.leaderboard.v1.ContestServiceGrpc;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The calls of a {@link LeaderboardClient} that end and list seasons. */
abstract class SeasonCalls extends ContestCalls {
  SeasonCalls(UnaryCalls calls, Duration timeout) {
    super(calls, timeout);
  }

  /** Calls {@link #resetContest(String, int, Duration)} with the client's timeout. */
  public CompletableFuture<Contest> resetContest(String contestId, int season) {
    return resetContest(contestId, season, timeout);
  }

  /**
   * Ends a season of a contest: its board is kept as that of a season that is over, and the next
   * season begins with an empty one. Hidden users stay hidden. Its watchers get a snapshot with the
   * reason {@link SnapshotReason#NEW_SEASON}.
   *
   * <p>It names the season that is meant, so it can be repeated: one that is over is no error.
   *
   * <p>Fails with {@link NotFoundException} if the contest does not exist, {@link
   * InvalidRequestException} for a malformed field, and {@link FailedPreconditionException} if the
   * season has not begun.
   *
   * @param contestId the contest
   * @param season the season to end, that of {@link Contest#season}
   * @param timeout the timeout of the call including its retries
   * @return the contest after it
   */
  public CompletableFuture<Contest> resetContest(String contestId, int season, Duration timeout) {
    return calls.start(
        ContestServiceGrpc.getResetContestMethod(),
        SeasonMessages.reset(contestId, season),
        response -> ContestMessages.of(response.getContest()),
        timeout);
  }

  /** Calls {@link #listSeasons(SeasonsQuery, Duration)} with the client's timeout. */
  public Iterable<Season> listSeasons(String contestId) {
    return listSeasons(SeasonsQuery.builder(contestId).build());
  }

  /** Calls {@link #listSeasons(SeasonsQuery, Duration)} with the client's timeout. */
  public Iterable<Season> listSeasons(SeasonsQuery query) {
    return listSeasons(query, timeout);
  }

  /**
   * Returns the seasons of a contest, the latest first: the current one, and those that are kept.
   *
   * <p>It is read as {@link #listContests(ContestsQuery, Duration)} is: page by page, by iterators
   * that block. A page fails with {@link NotFoundException} if the contest does not exist.
   *
   * @param query the contest
   * @param timeout the timeout of each page including its retries
   * @return the seasons
   */
  public Iterable<Season> listSeasons(SeasonsQuery query, Duration timeout) {
    return () ->
        new PageIterator<>(
            "",
            pageToken ->
                calls.start(
                    ContestServiceGrpc.getListSeasonsMethod(),
                    SeasonMessages.list(query, pageToken),
                    SeasonMessages::of,
                    timeout));
  }
}
