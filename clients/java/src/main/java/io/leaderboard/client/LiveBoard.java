package io.leaderboard.client;

import io.leaderboard.v1.WatchContestResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The board that a watch holds, built from the messages of its streams one by one.
 *
 * <p>It lives as long as its watch and across its streams: a stream that resumes after its position
 * goes on with it, and one that leaves a hole is noticed.
 */
final class LiveBoard {
  /** How many ranks a watch holds when its request does not say. */
  static final int DEFAULT_LIMIT = 10;

  private static final Comparator<RankedUser> BEST_FIRST =
      Comparator.comparingLong(RankedUser::score).reversed().thenComparingInt(RankedUser::rank);

  private final WatchScope scope;
  private final int limit;
  private List<RankedUser> users = List.of();
  private OptionalInt totalUsers = OptionalInt.empty();
  private Optional<Position> position = Optional.empty();

  /**
   * Makes an empty board.
   *
   * @param scope the scope that the watch asks for
   * @param limit how many of the first ranks it asks for; 0 is 10
   */
  LiveBoard(WatchScope scope, int limit) {
    this.scope = scope;
    this.limit = limit == 0 ? DEFAULT_LIMIT : limit;
  }

  /** Returns the position up to which the board knows everything, if it knows anything. */
  Optional<Position> position() {
    return position;
  }

  /** Returns how many users the contest has, where that is known for certain. */
  OptionalInt totalUsers() {
    return totalUsers;
  }

  /** Returns the rows, best first. */
  List<RankedUser> rows() {
    if (scope == WatchScope.USERS) {
      return List.copyOf(users);
    }
    List<RankedUser> rows = new ArrayList<>(users.size());
    for (RankedUser user : users) {
      rows.add(new RankedUser(user.userId(), user.score(), rows.size() + 1, user.displayName()));
    }
    return rows;
  }

  /**
   * Moves the board to the position of the next message.
   *
   * @throws MissedChangesException if something between the board's position and the message is
   *     missing; the board stays as it was
   */
  void apply(WatchContestResponse message) {
    Position now = Responses.of(message.getPosition());
    if (message.hasSnapshot()) {
      users = Responses.users(message.getSnapshot().getUsersList());
      totalUsers = OptionalInt.of(message.getSnapshot().getTotalUsers());
    } else {
      checkContinues(message.getPreviousRevision(), now);
      List<RankedUser> next = new ArrayList<>(users);
      for (var change : message.getChanges().getChangesList()) {
        place(Responses.of(change.getUser()), next);
      }
      users = next;
      totalUsers = counted(message, now);
    }
    position = Optional.of(now);
  }

  private void checkContinues(long previousRevision, Position now) {
    Position held =
        position.orElseThrow(
            () -> new MissedChangesException("the stream does not begin with a snapshot"));
    if (previousRevision != held.revision()) {
      throw new MissedChangesException(
          "the stream goes on after revision %d, the board is at %d"
              .formatted(previousRevision, held.revision()));
    }
    if (!held.epoch().isEmpty() && !now.epoch().equals(held.epoch())) {
      throw new MissedChangesException("the history of the contest is another one");
    }
    if (now.revision() < held.revision()) {
      throw new MissedChangesException(
          "the stream goes back to revision %d, the board is at %d"
              .formatted(now.revision(), held.revision()));
    }
  }

  /** Puts the user's row at its place. */
  private void place(RankedUser user, List<RankedUser> rows) {
    rows.removeIf(held -> held.userId().equals(user.userId()));
    if (scope == WatchScope.USERS) {
      rows.add(user);
      rows.sort(BEST_FIRST);
    } else if (user.rank() <= Math.min(limit, rows.size() + 1)) {
      rows.add(user.rank() - 1, user);
      if (rows.size() > limit) {
        rows.remove(limit);
      }
    } else if (user.rank() <= limit && scope == WatchScope.TOP) {
      throw new MissedChangesException(
          "the stream tells of rank %d, the board has %d rows"
              .formatted(user.rank(), rows.size()));
    }
  }

  private OptionalInt counted(WatchContestResponse message, Position now) {
    if (position.equals(Optional.of(now))) {
      return totalUsers;
    }
    if (scope == WatchScope.ALL && totalUsers.isPresent()) {
      long more =
          message.getChanges().getChangesList().stream()
              .filter(change -> change.getPreviousRank() == 0)
              .count();
      return OptionalInt.of(totalUsers.getAsInt() + (int) more);
    }
    boolean whole = scope == WatchScope.TOP && users.size() < limit;
    return whole ? OptionalInt.of(users.size()) : OptionalInt.empty();
  }
}
