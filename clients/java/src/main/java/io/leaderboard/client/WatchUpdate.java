package io.leaderboard.client;

import io.leaderboard.v1.WatchContestResponse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The state of a watch: a whole board, what led to it, and how the watch stands. Every update
 * stands on its own; none has to be applied to another.
 *
 * @param state how the watch stands
 * @param rows the board, best first, as the service had it at {@code position}, whatever the state;
 *     {@link WatchScope} says what it holds
 * @param totalUsers how many users the contest has, from 0; empty where that is not known for
 *     certain
 * @param position the position of the board; empty while there is none
 * @param changes what the message told of, in order, without rows that the board held just so
 * @param snapshotReason why the board was told as a whole; empty where it was not
 * @param message the message that led here; empty where only the state is another one
 * @param trouble why there is no stream, while connecting or reconnecting; empty where nothing went
 *     wrong
 */
public record WatchUpdate(
    WatchState state,
    List<RankedUser> rows,
    OptionalInt totalUsers,
    Optional<Position> position,
    List<ScoreChange> changes,
    Optional<SnapshotReason> snapshotReason,
    Optional<WatchContestResponse> message,
    Optional<LeaderboardException> trouble) {

  /** Keeps copies of the lists. */
  public WatchUpdate {
    rows = List.copyOf(rows);
    changes = List.copyOf(changes);
  }

  /** Returns what a watch begins with: no board, and nothing told. */
  static WatchUpdate first() {
    return new WatchUpdate(
        WatchState.CONNECTING,
        List.of(),
        OptionalInt.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** Returns the same board, told by no message, without a stream because of some trouble. */
  WatchUpdate lost(LeaderboardException why) {
    boolean connecting = state == WatchState.CONNECTING;
    return new WatchUpdate(
        connecting ? WatchState.CONNECTING : WatchState.RECONNECTING,
        rows,
        totalUsers,
        position,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(why));
  }
}
