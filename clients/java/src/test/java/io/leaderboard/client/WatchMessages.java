package io.leaderboard.client;

import io.leaderboard.v1.Changes;
import io.leaderboard.v1.End;
import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.Position;
import io.leaderboard.v1.Progress;
import io.leaderboard.v1.RankedUser;
import io.leaderboard.v1.ScoreChange;
import io.leaderboard.v1.Snapshot;
import io.leaderboard.v1.SnapshotReason;
import io.leaderboard.v1.WatchContestResponse;
import java.util.List;

/** Messages of watches, as the service sends them. */
final class WatchMessages {
  private WatchMessages() {}

  static RankedUser user(String userId, long score, int rank) {
    return RankedUser.newBuilder().setUserId(userId).setScore(score).setRank(rank).build();
  }

  static WatchContestResponse snapshot(long revision, int total, RankedUser... users) {
    return WatchContestResponse.newBuilder()
        .setPosition(position(revision))
        .setSnapshot(
            Snapshot.newBuilder()
                .addAllUsers(List.of(users))
                .setTotalUsers(total)
                .setReason(SnapshotReason.SNAPSHOT_REASON_INITIAL))
        .build();
  }

  static WatchContestResponse changes(long after, long revision, ScoreChange... changes) {
    return WatchContestResponse.newBuilder()
        .setPosition(position(revision))
        .setPreviousRevision(after)
        .setChanges(Changes.newBuilder().addAllChanges(List.of(changes)))
        .build();
  }

  static ScoreChange change(RankedUser user, int previousRank, long points) {
    return ScoreChange.newBuilder()
        .setUser(user)
        .setPreviousRank(previousRank)
        .setPoints(points)
        .build();
  }

  static WatchContestResponse progress(long revision) {
    return WatchContestResponse.newBuilder()
        .setPosition(position(revision))
        .setPreviousRevision(revision)
        .setProgress(Progress.getDefaultInstance())
        .build();
  }

  static WatchContestResponse end(long revision, EndReason reason) {
    return WatchContestResponse.newBuilder()
        .setPosition(position(revision))
        .setPreviousRevision(revision)
        .setEnd(End.newBuilder().setReason(reason))
        .build();
  }

  static Position position(long revision) {
    return Position.newBuilder().setEpoch("e").setRevision(revision).build();
  }
}
