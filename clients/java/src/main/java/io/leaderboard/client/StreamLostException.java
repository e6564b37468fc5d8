package io.leaderboard.client;

import io.grpc.Status;

/**
 * A stream of a watch fell silent, or ended before the contest did. It is told as the trouble of a
 * {@link WatchUpdate}, and the watch goes on.
 */
public sealed class StreamLostException extends LeaderboardException
    permits MissedChangesException {
  private static final long serialVersionUID = 1L;

  StreamLostException(String message) {
    super(RpcStatus.passing(Status.Code.UNAVAILABLE, message, null));
  }
}
