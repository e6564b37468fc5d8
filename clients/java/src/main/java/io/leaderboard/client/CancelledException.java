package io.leaderboard.client;

import io.grpc.Status;

/**
 * The client was closed (CANCELLED): during or before a call or a watch, or before an update of a
 * buffer was acknowledged. A write may have been applied.
 */
public final class CancelledException extends LeaderboardException {
  private static final long serialVersionUID = 1L;

  CancelledException() {
    super(RpcStatus.local(Status.Code.CANCELLED, LeaderboardClient.CLOSED, null, false));
  }
}
