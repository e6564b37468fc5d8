package io.leaderboard.client;

import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.WatchContestRequest;
import io.leaderboard.v1.WatchContestResponse;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** How a watch has gone so far: its board, over all its streams, and what is told of it. */
final class WatchSession {
  private final WatchOptions options;
  private LiveBoard board;
  private WatchUpdate update = WatchUpdate.first();

  WatchSession(WatchOptions options) {
    this.options = options;
    this.board = new LiveBoard(options.scope(), options.limit());
  }

  /** Returns the last update. */
  WatchUpdate update() {
    return update;
  }

  /** Returns what the next stream asks for. */
  WatchContestRequest request() {
    WatchContestRequest.Builder request = Requests.of(options).toBuilder();
    board.position().ifPresent(held -> request.setResumeAfter(Requests.of(held)));
    return request.build();
  }

  /**
   * Applies the next message of a stream, and returns the update that it leads to.
   *
   * @throws MissedChangesException if it does not go on from where the board stands, or can't be
   *     read
   */
  WatchUpdate take(WatchContestResponse message) {
    List<RankedUser> before = update.rows();
    try {
      board.apply(message);
      update = told(message, before);
    } catch (MissedChangesException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new MissedChangesException("a message is broken: " + e.getMessage());
    }
    return update;
  }

  private WatchUpdate told(WatchContestResponse message, List<RankedUser> before) {
    return new WatchUpdate(
        stateAfter(message),
        board.rows(),
        board.totalUsers(),
        board.position(),
        news(message, before),
        message.hasSnapshot()
            ? Optional.of(Responses.of(message.getSnapshot().getReason()))
            : Optional.empty(),
        Optional.of(message),
        troubleAfter(message));
  }

  /** Returns the update that the stream, or an attempt to open one, ended with trouble. */
  WatchUpdate lose(LeaderboardException trouble) {
    if (trouble instanceof MissedChangesException) {
      // What is shown was right at its position. What comes next must not build on it.
      board = new LiveBoard(options.scope(), options.limit());
    }
    update = update.lost(trouble);
    return update;
  }

  private static WatchState stateAfter(WatchContestResponse message) {
    if (!message.hasEnd()) {
      return WatchState.LIVE;
    }
    return isOver(message) ? WatchState.OVER : WatchState.RECONNECTING;
  }

  private static Optional<LeaderboardException> troubleAfter(WatchContestResponse message) {
    if (!message.hasEnd() || isOver(message)) {
      return Optional.empty();
    }
    boolean drains = message.getEnd().getReason() == EndReason.END_REASON_DRAINING;
    String why = drains ? "the server is shutting down" : "the server ended the watch";
    return Optional.of(new StreamLostException(why));
  }

  private static boolean isOver(WatchContestResponse message) {
    return message.getEnd().getReason() == EndReason.END_REASON_CONTEST_OVER;
  }

  /** Leaves out the rows that a resumed stream of the scope TOP tells again. */
  private static List<ScoreChange> news(WatchContestResponse message, List<RankedUser> before) {
    Set<String> held = before.stream().map(RankedUser::userId).collect(Collectors.toSet());
    return message.getChanges().getChangesList().stream()
        .map(Responses::of)
        .filter(change -> change.previousRank() != 0 || !held.contains(change.user().userId()))
        .toList();
  }
}
