package io.leaderboard.client;

import io.grpc.Status;
import io.leaderboard.v1.Order;
import io.leaderboard.v1.WatchContestResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The board of a watch, built from the messages of its streams.
 *
 * <p>It outlives a stream: the next stream resumes after the board's position, and the board
 * detects a gap between its position and a message.
 */
final class LiveBoard {
  /** The number of rows of a board if the request does not set a limit. */
  static final int DEFAULT_LIMIT = 10;

  private final WatchScope scope;
  private final int limit;
  private RankStyle rankStyle = RankStyle.ORDINAL;
  private boolean lowestFirst;
  private List<RankedUser> users = List.of();
  private OptionalInt totalUsers = OptionalInt.empty();
  private OptionalInt season = OptionalInt.empty();
  private Optional<Position> position = Optional.empty();

  /**
   * Makes an empty board.
   *
   * @param scope the scope of the watch
   * @param limit the number of first rows; 0 is 10
   */
  LiveBoard(WatchScope scope, int limit) {
    this.scope = scope;
    this.limit = limit == 0 ? DEFAULT_LIMIT : limit;
  }

  /** Returns the position of the board; empty before the first snapshot. */
  Optional<Position> position() {
    return position;
  }

  /**
   * Returns the number of the season; 0 for a contest that does not exist, and empty before the
   * first snapshot.
   */
  OptionalInt season() {
    return season;
  }

  /** Returns the number of users of the season; empty if not known for certain. */
  OptionalInt totalUsers() {
    return totalUsers;
  }

  /**
   * Returns the rows, best first. With the scopes TOP and ALL their places and ranks follow from
   * their order and their scores; with the scope USERS they are those of each user's last change.
   *
   * @throws LeaderboardException if the client does not know the rank style of the contest
   */
  List<RankedUser> rows() {
    if (scope == WatchScope.USERS) {
      return List.copyOf(users);
    }
    List<RankedUser> rows = new ArrayList<>(users.size());
    for (RankedUser user : users) {
      int above = rows.size();
      rows.add(user.at(above == 0 ? 1 : rankBelow(rows.get(above - 1), user), above + 1));
    }
    return rows;
  }

  /**
   * Applies the next message of a stream.
   *
   * @throws MissedChangesException if changes between the board's position and the message are
   *     missing; the board stays unchanged
   */
  void apply(WatchContestResponse message) {
    Position now = Responses.of(message.getPosition());
    if (message.hasSnapshot()) {
      rankStyle = RuleMessages.of(message.getSnapshot().getRules().getRankStyle());
      lowestFirst = message.getSnapshot().getRules().getOrder() == Order.ORDER_LOWEST_FIRST;
      users = Responses.users(message.getSnapshot().getUsersList());
      totalUsers = OptionalInt.of(message.getSnapshot().getTotalUsers());
      season = OptionalInt.of(message.getSnapshot().getSeason());
    } else {
      checkContinues(message.getPreviousRevision(), now);
      List<RankedUser> next = new ArrayList<>(users);
      for (var change : message.getChanges().getChangesList()) {
        next.removeIf(held -> held.userId().equals(change.getUser().getUserId()));
        if (!change.getRemoved()) {
          insert(Responses.of(change.getUser()), next);
        }
      }
      users = next;
      totalUsers = totalAfter(message, now);
      if (season.getAsInt() == 0 && !now.epoch().isEmpty()) {
        season = OptionalInt.of(1); // the contest has begun
      }
    }
    position = Optional.of(now);
  }

  private void checkContinues(long previousRevision, Position now) {
    Position held =
        position.orElseThrow(
            () -> new MissedChangesException("the stream does not begin with a snapshot"));
    if (previousRevision != held.revision()) {
      throw new MissedChangesException(
          "the stream continues after revision %d, the board is at %d"
              .formatted(previousRevision, held.revision()));
    }
    if (!held.epoch().isEmpty() && !now.epoch().equals(held.epoch())) {
      throw new MissedChangesException("the epoch of the contest changed");
    }
    if (now.revision() < held.revision()) {
      throw new MissedChangesException(
          "the stream goes back to revision %d, the board is at %d"
              .formatted(now.revision(), held.revision()));
    }
  }

  /** Returns the rank of a user whose row is right below another one. */
  private int rankBelow(RankedUser above, RankedUser user) {
    boolean isShared = above.score() == user.score();
    return switch (rankStyle) {
      case ORDINAL -> above.place() + 1;
      case COMPETITION -> isShared ? above.rank() : above.place() + 1;
      case DENSE -> isShared ? above.rank() : above.rank() + 1;
      case UNSPECIFIED ->
          throw RpcStatus.local(
                  Status.Code.UNIMPLEMENTED,
                  "the contest has a rank style that this version of the client does not know",
                  null,
                  false)
              .toException();
    };
  }

  /** Inserts the row of a user that has none at its place. */
  private void insert(RankedUser user, List<RankedUser> rows) {
    if (scope == WatchScope.USERS) {
      // Scores are certain; the place of another row may have changed since. Of equal places the last
      // change is first.
      rows.add(0, user);
      Comparator<RankedUser> byScore = Comparator.comparingLong(RankedUser::score);
      rows.sort(
          (lowestFirst ? byScore : byScore.reversed()).thenComparingInt(RankedUser::place));
    } else if (user.place() <= Math.min(limit, rows.size() + 1)) {
      rows.add(user.place() - 1, user);
      if (rows.size() > limit) {
        rows.remove(limit);
      }
    } else if (user.place() <= limit && scope == WatchScope.TOP) {
      throw new MissedChangesException(
          "the stream has a change at place %d, the board has %d rows"
              .formatted(user.place(), rows.size()));
    }
  }

  private OptionalInt totalAfter(WatchContestResponse message, Position now) {
    if (message.hasChanges()) {
      return OptionalInt.of(message.getChanges().getTotalUsers());
    }
    if (scope == WatchScope.ALL || position.equals(Optional.of(now))) {
      return totalUsers;
    }
    boolean complete = scope == WatchScope.TOP && users.size() < limit;
    return complete ? OptionalInt.of(users.size()) : OptionalInt.empty();
  }
}
