package io.leaderboard.client;

import io.leaderboard.v1.ContestServiceGrpc;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The calls of a {@link LeaderboardClient} that remove, hide and erase users. */
abstract class UserCalls extends SeasonCalls {
  UserCalls(UnaryCalls calls, Duration timeout) {
    super(calls, timeout);
  }

  /** Calls {@link #removeUsers(String, List, Duration)} with the client's timeout. */
  public CompletableFuture<UsersChanged> removeUsers(String contestId, List<String> userIds) {
    return removeUsers(contestId, userIds, timeout);
  }

  /**
   * Removes users from the current season of a contest, with their scores, names and attributes, in
   * one atomic step. A later write begins such a user again; a hidden user stays hidden. Users and
   * contests that do not exist are no error.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field, and if there are 0 or more
   * than 1,000 users.
   *
   * @param contestId the contest
   * @param userIds 1 to 1,000 users, each once
   * @param timeout the timeout of the call including its retries
   * @return how many of the users had a score
   */
  public CompletableFuture<UsersChanged> removeUsers(
      String contestId, List<String> userIds, Duration timeout) {
    return calls.start(
        ContestServiceGrpc.getRemoveUsersMethod(),
        UserMessages.remove(contestId, userIds),
        response -> UserMessages.changed(response.getCount(), response.getPosition()),
        timeout);
  }

  /** Calls {@link #hideUsers(String, List, Duration)} with the client's timeout. */
  public CompletableFuture<UsersChanged> hideUsers(String contestId, List<String> userIds) {
    return hideUsers(contestId, userIds, timeout);
  }

  /**
   * Hides users of a contest in one atomic step: their rows leave the board, while their writes
   * count on, without a rank. They stay hidden in later seasons; seasons that are over do not
   * change. A user without a score is hidden too, for when it gets one. In a contest that does not
   * exist nothing is hidden, which is no error.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field, and if there are 0 or more
   * than 1,000 users.
   *
   * @param contestId the contest
   * @param userIds 1 to 1,000 users, each once
   * @param timeout the timeout of the call including its retries
   * @return how many of the users were not hidden before
   */
  public CompletableFuture<UsersChanged> hideUsers(
      String contestId, List<String> userIds, Duration timeout) {
    return calls.start(
        ContestServiceGrpc.getHideUsersMethod(),
        UserMessages.hide(contestId, userIds),
        response -> UserMessages.changed(response.getCount(), response.getPosition()),
        timeout);
  }

  /** Calls {@link #unhideUsers(String, List, Duration)} with the client's timeout. */
  public CompletableFuture<UsersChanged> unhideUsers(String contestId, List<String> userIds) {
    return unhideUsers(contestId, userIds, timeout);
  }

  /**
   * Ends the hiding of users in one atomic step: each row returns to the board with its present
   * score, at the place that it would have if it had never been hidden. Users that are not hidden
   * are no error.
   *
   * <p>Fails with {@link InvalidRequestException} for a malformed field, and if there are 0 or more
   * than 1,000 users.
   *
   * @param contestId the contest
   * @param userIds 1 to 1,000 users, each once
   * @param timeout the timeout of the call including its retries
   * @return how many of the users were hidden before
   */
  public CompletableFuture<UsersChanged> unhideUsers(
      String contestId, List<String> userIds, Duration timeout) {
    return calls.start(
        ContestServiceGrpc.getUnhideUsersMethod(),
        UserMessages.unhide(contestId, userIds),
        response -> UserMessages.changed(response.getCount(), response.getPosition()),
        timeout);
  }

  /** Calls {@link #listHiddenUsers(HiddenUsersQuery, Duration)} with the client's timeout. */
  public Iterable<HiddenUser> listHiddenUsers(String contestId) {
    return listHiddenUsers(HiddenUsersQuery.builder(contestId).build());
  }

  /** Calls {@link #listHiddenUsers(HiddenUsersQuery, Duration)} with the client's timeout. */
  public Iterable<HiddenUser> listHiddenUsers(HiddenUsersQuery query) {
    return listHiddenUsers(query, timeout);
  }

  /**
   * Returns the hidden users of a contest, in no particular order. A user that is hidden or unhidden
   * meanwhile may be missing, or come twice.
   *
   * <p>It is read as {@link #listContests(ContestsQuery, Duration)} is: page by page, by iterators
   * that block.
   *
   * @param query the contest
   * @param timeout the timeout of each page including its retries
   * @return the users
   */
  public Iterable<HiddenUser> listHiddenUsers(HiddenUsersQuery query, Duration timeout) {
    return () ->
        new PageIterator<>(
            "",
            pageToken ->
                calls.start(
                    ContestServiceGrpc.getListHiddenUsersMethod(),
                    UserMessages.listHidden(query, pageToken),
                    UserMessages::of,
                    timeout));
  }

  /** Calls {@link #eraseUser(String, String, Duration)} for all contests. */
  public Iterable<ErasedPart> eraseUser(String userId) {
    return eraseUser(userId, "");
  }

  /** Calls {@link #eraseUser(String, String, Duration)} with the client's timeout. */
  public Iterable<ErasedPart> eraseUser(String userId, String pageToken) {
    return eraseUser(userId, pageToken, timeout);
  }

  /**
   * Erases a user from all contests and their kept seasons, hidden or not, part by part, while the
   * result is iterated over: each part is a call, and without iteration nothing is erased. It can be
   * repeated, and a later write of the user begins it again.
   *
   * <p>The methods of an iterator block during a call, throw a {@link LeaderboardException} if that
   * fails, such as {@link InvalidRequestException} for a malformed field, and a {@link
   * java.util.concurrent.CancellationException} if the thread is interrupted. After an error the
   * same iterator can go on, or a new one from the token of the last part.
   *
   * @param userId the user
   * @param pageToken the token of the part with which to begin; empty for the first one
   * @param timeout the timeout of each part including its retries
   * @return the parts
   */
  public Iterable<ErasedPart> eraseUser(String userId, String pageToken, Duration timeout) {
    UnicodeText.check(userId, "userId");
    UnicodeText.check(pageToken, "pageToken");
    return () ->
        new PageIterator<>(
            pageToken,
            token ->
                calls.start(
                    ContestServiceGrpc.getEraseUserMethod(),
                    UserMessages.erase(userId, token),
                    UserMessages::of,
                    timeout));
  }
}
