package io.leaderboard.client;

import io.grpc.Status;

/**
 * A stream of a watch was idle for too long, or ended before the contest did. A {@link WatchUpdate}
 * has it as its trouble, and the watch reconnects.
 */
public sealed class StreamLostException extends LeaderboardException
    permits MissedChangesException {
  private static final long serialVersionUID = 1L;

  StreamLostException(String message) {
    super(RpcStatus.local(Status.Code.UNAVAILABLE, message, null, true));
  }
}
