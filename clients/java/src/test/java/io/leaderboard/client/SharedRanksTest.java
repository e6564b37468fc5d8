package io.leaderboard.client;

import static io.leaderboard.client.WatchMessages.change;
import static io.leaderboard.client.WatchMessages.changes;
import static io.leaderboard.client.WatchMessages.snapshot;
import static io.leaderboard.client.WatchMessages.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import io.leaderboard.v1.RankStyle;
import io.leaderboard.v1.RankedUser;
import io.leaderboard.v1.WatchContestResponse;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The board derives the ranks of its rows from the scores and the rank style of the contest. */
class SharedRanksTest {
  /** Known scores, best first, in both orders, have the ranks of each style. */
  @ParameterizedTest
  @CsvSource({
    "9 7 7 5, RANK_STYLE_ORDINAL, 1 2 3 4",
    "9 7 7 5, RANK_STYLE_COMPETITION, 1 2 2 4",
    "9 7 7 5, RANK_STYLE_DENSE, 1 2 2 3",
    "101 100 100 99, RANK_STYLE_ORDINAL, 1 2 3 4",
    "101 100 100 99, RANK_STYLE_COMPETITION, 1 2 2 4",
    "101 100 100 99, RANK_STYLE_DENSE, 1 2 2 3",
    "99 100 100 101, RANK_STYLE_COMPETITION, 1 2 2 4",
    "99 100 100 101, RANK_STYLE_DENSE, 1 2 2 3",
    "0 0 -1, RANK_STYLE_ORDINAL, 1 2 3",
    "0 0 -1, RANK_STYLE_COMPETITION, 1 1 3",
    "0 0 -1, RANK_STYLE_DENSE, 1 1 2",
    "-1 0 0, RANK_STYLE_COMPETITION, 1 2 2",
    "-1 0 0, RANK_STYLE_DENSE, 1 2 2",
    "0 0 0 0, RANK_STYLE_COMPETITION, 1 1 1 1",
    "0 0 0 0, RANK_STYLE_DENSE, 1 1 1 1",
    "9 7 7 5, RANK_STYLE_UNSPECIFIED, 1 2 3 4",
  })
  void scoresHaveKnownRanks(String scores, RankStyle style, String ranks) {
    LiveBoard built = new LiveBoard(WatchScope.TOP, 10);
    built.apply(snapshot(1, 0, style));
    List<Long> all = Arrays.stream(scores.split(" ")).map(Long::valueOf).toList();
    RankedUser[] users =
        IntStream.range(0, all.size())
            .mapToObj(i -> user("u" + i, all.get(i), 0, i + 1))
            .toArray(RankedUser[]::new);

    // Each new user is the last one, so that only the derived ranks of the others can be right.
    for (int i = 0; i < users.length; i++) {
      built.apply(changes(i + 1, i + 2, i + 1, change(users[i], 0, all.get(i))));
    }
    LiveBoard read = new LiveBoard(WatchScope.ALL, 10);
    read.apply(snapshot(1, users.length, style, users));

    assertEquals(ranks, ranks(built));
    assertEquals(ranks, ranks(read));
  }

  /** Rows that only shift get the ranks that follow from the change of another one. */
  @ParameterizedTest
  @EnumSource(
      value = RankStyle.class,
      names = {"RANK_STYLE_COMPETITION", "RANK_STYLE_DENSE"})
  void shiftedRowsAreRankedAgain(RankStyle style) {
    boolean isDense = style == RankStyle.RANK_STYLE_DENSE;
    LiveBoard board = new LiveBoard(WatchScope.TOP, 10);
    board.apply(
        snapshot(
            7,
            4,
            style,
            user("ada", 9, 1, 1),
            user("bob", 7, 2, 2),
            user("eve", 7, 2, 3),
            user("dan", 5, isDense ? 3 : 4, 4)));

    board.apply(changes(7, 8, 4, change(user("ada", 7, 1, 3), 1, -2)));
    assertEquals(isDense ? "1 1 1 2" : "1 1 1 4", ranks(board));

    board.apply(changes(8, 9, 4, change(user("dan", 8, 1, 1), 4, 3)));
    assertEquals("1 2 2 2", ranks(board));
    assertEquals("dan bob eve ada", ids(board));
  }

  /** A tie goes on at the limit: the user that left may have a rank within it. */
  @ParameterizedTest
  @EnumSource(
      value = RankStyle.class,
      names = {"RANK_STYLE_COMPETITION", "RANK_STYLE_DENSE"})
  void tieAtTheLimitIsCutByPlace(RankStyle style) {
    LiveBoard board = new LiveBoard(WatchScope.TOP, 3);
    board.apply(
        snapshot(
            7, 4, style, user("ada", 9, 1, 1), user("bob", 7, 2, 2), user("eve", 7, 2, 3)));

    board.apply(
        changes(
            7, 8, 4, change(user("bob", 7, 2, 4), 2, 0), change(user("dan", 7, 2, 3), 0, 0)));

    assertEquals("ada eve dan", ids(board));
    assertEquals("1 2 2", ranks(board));
  }

  /** The style is that of the last snapshot. */
  @Test
  void snapshotChangesTheStyle() {
    RankedUser[] users = {user("ada", 7, 1, 1), user("bob", 7, 2, 2), user("eve", 5, 3, 3)};
    LiveBoard board = new LiveBoard(WatchScope.TOP, 10);
    board.apply(snapshot(7, 3, users));
    assertEquals("1 2 3", ranks(board));

    board.apply(snapshot(8, 3, RankStyle.RANK_STYLE_DENSE, users));

    assertEquals("1 1 2", ranks(board));
  }

  /** A style that this version does not know is an error that another stream would not change. */
  @Test
  void unknownStyleIsReported() {
    WatchContestResponse message = snapshot(7, 2, user("ada", 7, 1), user("bob", 7, 2));
    WatchContestResponse.Builder unknown = message.toBuilder();
    unknown.getSnapshotBuilder().getRulesBuilder().setRankStyleValue(99);
    WatchSession session = new WatchSession(WatchOptions.builder("chess").build());

    LeaderboardException error =
        assertThrows(LeaderboardException.class, () -> session.apply(unknown.build()));

    assertEquals(Status.Code.UNIMPLEMENTED, error.code());
    assertFalse(error.isRetryable());
  }

  private static String ranks(LiveBoard board) {
    return String.join(" ", board.rows().stream().map(row -> "" + row.rank()).toList());
  }

  private static String ids(LiveBoard board) {
    return String.join(" ", board.rows().stream().map(row -> row.userId()).toList());
  }
}
