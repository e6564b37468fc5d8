package io.leaderboard.client;

/**
 * A stream of a watch does not go on from where the board stands, or told what can't be read. It is
 * told as the trouble of a {@link WatchUpdate}, and the watch begins anew with a snapshot.
 */
public final class MissedChangesException extends StreamLostException {
  private static final long serialVersionUID = 1L;

  MissedChangesException(String message) {
    super(message);
  }
}
