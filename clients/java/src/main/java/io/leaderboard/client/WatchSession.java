package io.leaderboard.client;

import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.WatchContestRequest;
import io.leaderboard.v1.WatchContestResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The state of one watch over all its streams: its board and its last update. */
final class WatchSession {
  private final WatchOptions options;
  private LiveBoard board;
  private WatchUpdate update = WatchUpdate.initial();

  WatchSession(WatchOptions options) {
    this.options = options;
    this.board = new LiveBoard(options.scope(), options.limit());
  }

  /** Returns the last update. */
  WatchUpdate update() {
    return update;
  }

  /** Returns the request of the next stream, which resumes after the board's position. */
  WatchContestRequest request() {
    WatchContestRequest.Builder request = Requests.of(options).toBuilder();
    board.position().ifPresent(held -> request.setResumeAfter(Requests.of(held)));
    return request.build();
  }

  /**
   * Applies the next message of a stream, and returns the resulting update.
   *
   * @throws MissedChangesException if the message does not continue from the board's position, or
   *     is malformed
   * @throws LeaderboardException if the client can't show the board
   */
  WatchUpdate apply(WatchContestResponse message) {
    List<RankedUser> before = update.rows();
    try {
      if (stateAfter(message) != WatchState.DELETED) {
        board.apply(message);
      }
      update = updateAfter(message, before);
    } catch (LeaderboardException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new MissedChangesException("malformed message: " + e.getMessage());
    }
    return update;
  }

  /** Returns the update after a stream, or an attempt to open one, failed. */
  WatchUpdate streamLost(LeaderboardException trouble) {
    if (trouble instanceof MissedChangesException) {
      // The published rows were right at their position, but the next stream needs a snapshot.
      board = new LiveBoard(options.scope(), options.limit());
    }
    update = update.reconnecting(trouble);
    return update;
  }

  private WatchUpdate updateAfter(WatchContestResponse message, List<RankedUser> before) {
    return new WatchUpdate(
        stateAfter(message),
        board.rows(),
        board.season(),
        board.totalUsers(),
        board.position(),
        newChanges(message, before),
        message.hasSnapshot()
            ? Optional.of(Responses.of(message.getSnapshot().getReason()))
            : Optional.empty(),
        Optional.of(message),
        troubleAfter(message));
  }

  private static WatchState stateAfter(WatchContestResponse message) {
    if (!message.hasEnd()) {
      return WatchState.LIVE;
    }
    return switch (message.getEnd().getReason()) {
      case END_REASON_CONTEST_OVER -> WatchState.OVER;
      case END_REASON_CONTEST_DELETED -> WatchState.DELETED;
      case END_REASON_DRAINING, END_REASON_UNSPECIFIED, UNRECOGNIZED -> WatchState.RECONNECTING;
    };
  }

  private static Optional<LeaderboardException> troubleAfter(WatchContestResponse message) {
    if (stateAfter(message) != WatchState.RECONNECTING) {
      return Optional.empty();
    }
    boolean draining = message.getEnd().getReason() == EndReason.END_REASON_DRAINING;
    String why = draining ? "the server is shutting down" : "the server ended the watch";
    return Optional.of(new StreamLostException(why));
  }

  /** Leaves out what a resumed stream of the scope TOP sends, and the board already shows. */
  private static List<ScoreChange> newChanges(
      WatchContestResponse message, List<RankedUser> before) {
    Set<String> held = before.stream().map(RankedUser::userId).collect(Collectors.toSet());
    List<ScoreChange> changes = new ArrayList<>();
    for (var sent : message.getChanges().getChangesList()) {
      ScoreChange change = Responses.of(sent);
      boolean isHeld = held.contains(change.user().userId());
      if (change.removed()) {
        held.remove(change.user().userId());
      }
      if (change.previousRank() != 0 || isHeld == change.removed()) {
        changes.add(change);
      }
    }
    return changes;
  }
}
