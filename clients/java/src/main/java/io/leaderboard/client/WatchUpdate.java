package io.leaderboard.client;

import io.leaderboard.v1.WatchContestResponse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The state of a watch: the whole board, and the message that led to it. An update is complete in
 * itself; it needs no earlier one.
 *
 * @param state the state of the watch
 * @param rows the board at {@code position}, best first, in any state; {@link WatchScope} says
 *     which rows it has
 * @param season the number of the season, from 1; 0 for a contest that does not exist, and empty if
 *     there is no board yet
 * @param totalUsers the number of users of the season, from 0; empty if not known for certain
 * @param position the position of the board; empty if there is no board yet
 * @param changes the changes of the message, in order, without rows that the board already had
 * @param snapshotReason why the service sent a snapshot; empty if it sent none
 * @param message the message that led to this update; empty if only the state changed
 * @param trouble the error that ended the last stream, while connecting or reconnecting; otherwise
 *     empty
 */
public record WatchUpdate(
    WatchState state,
    List<RankedUser> rows,
    OptionalInt season,
    OptionalInt totalUsers,
    Optional<Position> position,
    List<ScoreChange> changes,
    Optional<SnapshotReason> snapshotReason,
    Optional<WatchContestResponse> message,
    Optional<LeaderboardException> trouble) {

  /** Copies the lists. */
  public WatchUpdate {
    rows = List.copyOf(rows);
    changes = List.copyOf(changes);
  }

  /** Returns the first update of a watch, which has no board. */
  static WatchUpdate initial() {
    return new WatchUpdate(
        WatchState.CONNECTING,
        List.of(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** Returns an update with the same board and without a stream. */
  WatchUpdate reconnecting(LeaderboardException why) {
    boolean connecting = state == WatchState.CONNECTING;
    return new WatchUpdate(
        connecting ? WatchState.CONNECTING : WatchState.RECONNECTING,
        rows,
        season,
        totalUsers,
        position,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(why));
  }
}
