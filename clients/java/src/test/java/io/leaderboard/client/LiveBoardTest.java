package io.leaderboard.client;

import static io.leaderboard.client.WatchMessages.change;
import static io.leaderboard.client.WatchMessages.changes;
import static io.leaderboard.client.WatchMessages.position;
import static io.leaderboard.client.WatchMessages.progress;
import static io.leaderboard.client.WatchMessages.removed;
import static io.leaderboard.client.WatchMessages.snapshot;
import static io.leaderboard.client.WatchMessages.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.leaderboard.v1.Order;
import io.leaderboard.v1.WatchContestResponse;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The board applies messages by the rules of the contract, and detects missed changes. */
class LiveBoardTest {
  private static final WatchContestResponse FIRST =
      snapshot(7, 2, user("ada", 5, 1), user("bob", 3, 2));

  /** A snapshot replaces the board. */
  @Test
  void snapshotReplacesTheBoard() {
    LiveBoard board = board(WatchScope.TOP, 10, FIRST, snapshot(9, 1, user("eve", 1, 1)));

    assertEquals(List.of("1 eve 1"), rows(board));
    assertEquals(OptionalInt.of(1), board.totalUsers());
    assertEquals(9, board.position().orElseThrow().revision());
  }

  /** A change with the scope TOP moves the row to its place, and cuts the board to the limit. */
  @Test
  void topAppliesChangesInOrder() {
    LiveBoard board =
        board(
            WatchScope.TOP,
            2,
            FIRST,
            changes(7, 8, 2, change(user("bob", 6, 1), 2, 3)),
            changes(8, 9, 3, change(user("eve", 9, 1), 0, 9)));

    assertEquals(List.of("1 eve 9", "2 bob 6"), rows(board));
    assertEquals(OptionalInt.of(3), board.totalUsers());
  }

  /** With the scope TOP the row that moves up replaces the user that left the board. */
  @Test
  void topAddsTheRowThatMovesUp() {
    LiveBoard board =
        board(
            WatchScope.TOP,
            2,
            snapshot(7, 3, user("ada", 5, 1), user("bob", 3, 2)),
            changes(
                7, 8, 3, change(user("ada", 0, 3), 1, -5), change(user("eve", 1, 2), 0, 0)));

    assertEquals(List.of("1 bob 3", "2 eve 1"), rows(board));
  }

  /** A row at a place that would leave a gap above it means missed changes. */
  @Test
  void topDetectsGapBetweenRows() {
    LiveBoard board = board(WatchScope.TOP, 10, FIRST);

    assertThrows(
        MissedChangesException.class,
        () -> board.apply(changes(7, 8, 4, change(user("eve", 1, 4), 0, 1))));
    assertEquals(List.of("1 ada 5", "2 bob 3"), rows(board));
  }

  /** With the scope ALL rows that are not known for certain are left out. */
  @Test
  void allLeavesOutUnknownRows() {
    LiveBoard board =
        board(
            WatchScope.ALL,
            2,
            FIRST,
            changes(
                7, 9, 3, change(user("eve", 4, 2), 0, 4), change(user("ada", 1, 3), 1, -4)));

    assertEquals(List.of("1 eve 4"), rows(board));
    assertEquals(OptionalInt.of(3), board.totalUsers());
  }

  /** With the scope USERS a row keeps the rank and the place of its last change. */
  @Test
  void usersKeepTheirRanks() {
    LiveBoard board =
        board(
            WatchScope.USERS,
            10,
            snapshot(7, 50, user("ada", 5, 10, 12), user("bob", 3, 20, 24)),
            changes(7, 8, 50, change(user("bob", 9, 4, 5), 20, 6)));

    assertEquals(List.of("4 bob 9", "10 ada 5"), rows(board));
    assertEquals(List.of(5, 12), board.rows().stream().map(RankedUser::place).toList());
    assertEquals(OptionalInt.of(50), board.totalUsers());
  }

  /** With the scope USERS a better score is above a worse one, whose place is of earlier times. */
  @ParameterizedTest
  @CsvSource({"ORDER_HIGHEST_FIRST, 1", "ORDER_LOWEST_FIRST, -1"})
  void betterScoreOfWatchedUsersIsFirst(Order order, int sign) {
    WatchContestResponse.Builder first =
        snapshot(7, 11, user("bob", 40 * sign, 10), user("ada", 30 * sign, 11)).toBuilder();
    first.getSnapshotBuilder().getRulesBuilder().setOrder(order);
    LiveBoard board =
        board(
            WatchScope.USERS,
            10,
            first.build(),
            // Since then 20 users, which are not watched, have passed both.
            changes(7, 28, 31, change(user("ada", 50 * sign, 30), 31, 20 * sign)));

    assertEquals(List.of("30 ada " + 50 * sign, "10 bob " + 40 * sign), rows(board));
  }

  /** With the scope USERS the last change is first of equal scores at one place. */
  @Test
  void lastChangeIsFirstAtOnePlace() {
    LiveBoard board =
        board(WatchScope.USERS, 10, FIRST, changes(7, 8, 2, change(user("bob", 5, 1), 2, 2)));

    assertEquals(List.of("1 bob 5", "1 ada 5"), rows(board));
  }

  /** A row keeps its name and attributes when others move it. */
  @Test
  void movedRowsKeepTheirData() {
    LiveBoard board =
        board(
            WatchScope.TOP,
            10,
            snapshot(
                7,
                1,
                user("ada", 5, 1).toBuilder()
                    .setDisplayName("Ada")
                    .putAttributes("team", "red")
                    .build()),
            changes(7, 8, 2, change(user("bob", 6, 1), 0, 6)));

    assertEquals(
        new RankedUser("ada", 5, 2, "Ada", 2, Map.of("team", "red")), board.rows().get(1));
  }

  /** A row that left the board is removed in each scope, and rows below it move up. */
  @ParameterizedTest
  @EnumSource(WatchScope.class)
  void removedRowLeavesTheBoard(WatchScope scope) {
    LiveBoard board =
        board(
            scope,
            10,
            FIRST,
            changes(7, 8, 1, removed("ada", 1)),
            changes(8, 9, 1, removed("ada", 1), removed("eve", 0)));

    String left = scope == WatchScope.USERS ? "2 bob 3" : "1 bob 3";
    assertEquals(List.of(left), rows(board));
    assertEquals(OptionalInt.of(1), board.totalUsers());
  }

  /** The last row can leave the board. */
  @Test
  void boardMayBecomeEmpty() {
    LiveBoard board =
        board(WatchScope.TOP, 10, FIRST, changes(7, 9, 0, removed("ada", 1), removed("bob", 1)));

    assertEquals(List.of(), rows(board));
    assertEquals(OptionalInt.of(0), board.totalUsers());
  }

  /** A later position without changes keeps the number of users only where all are sent. */
  @ParameterizedTest
  @CsvSource({"TOP, ", "ALL, 2", "USERS, "})
  void laterPositionMayHaveMoreUsers(WatchScope scope, Integer total) {
    WatchContestResponse later = progress(7).toBuilder().setPosition(position(8)).build();

    LiveBoard board = board(scope, 2, FIRST, later);

    assertEquals(
        total == null ? OptionalInt.empty() : OptionalInt.of(total), board.totalUsers());
  }

  /** Progress changes only the position. */
  @Test
  void progressKeepsTheRows() {
    LiveBoard board = board(WatchScope.TOP, 10, FIRST, progress(7));

    assertEquals(List.of("1 ada 5", "2 bob 3"), rows(board));
    assertEquals(OptionalInt.of(2), board.totalUsers());
  }

  /** A message that continues after another revision than the board's is a gap. */
  @Test
  void gapIsDetected() {
    LiveBoard board = board(WatchScope.TOP, 10, FIRST);

    assertThrows(
        MissedChangesException.class,
        () -> board.apply(changes(8, 9, 2, change(user("bob", 6, 1), 2, 3))));
  }

  /** A message with an earlier revision or another epoch does not continue from the board. */
  @Test
  void otherHistoryIsDetected() {
    LiveBoard board = board(WatchScope.TOP, 10, FIRST);
    WatchContestResponse back = progress(7).toBuilder().setPosition(position(6)).build();
    WatchContestResponse other =
        progress(7).toBuilder().setPosition(position(7).toBuilder().setEpoch("f")).build();

    assertThrows(MissedChangesException.class, () -> board.apply(back));
    assertThrows(MissedChangesException.class, () -> board.apply(other));
  }

  /** A stream must start with a snapshot. */
  @Test
  void firstMessageMustBeSnapshot() {
    assertThrows(MissedChangesException.class, () -> board(WatchScope.TOP, 10, progress(0)));
  }

  private static LiveBoard board(WatchScope scope, int limit, WatchContestResponse... messages) {
    LiveBoard board = new LiveBoard(scope, limit);
    List.of(messages).forEach(board::apply);
    return board;
  }

  private static List<String> rows(LiveBoard board) {
    return board.rows().stream()
        .map(row -> row.rank() + " " + row.userId() + " " + row.score())
        .toList();
  }
}
