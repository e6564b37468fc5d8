package io.leaderboard.client;

/**
 * A stream of a watch does not continue from the position of the board, or a message is malformed.
 * A {@link WatchUpdate} has it as its trouble, and the watch restarts with a snapshot.
 */
public final class MissedChangesException extends StreamLostException {
  private static final long serialVersionUID = 1L;

  MissedChangesException(String message) {
    super(message);
  }

  @Override
  boolean isServerDown() {
    return false;
  }
}
