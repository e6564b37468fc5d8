package io.leaderboard.client;

import io.leaderboard.v1.Changes;
import io.leaderboard.v1.ContestRules;
import io.leaderboard.v1.End;
import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.Position;
import io.leaderboard.v1.Progress;
import io.leaderboard.v1.RankStyle;
import io.leaderboard.v1.RankedUser;
import io.leaderboard.v1.ScoreChange;
import io.leaderboard.v1.Snapshot;
import io.leaderboard.v1.SnapshotReason;
import io.leaderboard.v1.WatchContestResponse;
import java.util.List;

/** Messages of watches, as the service sends them. */
final class WatchMessages {
  private WatchMessages() {}

  /** Returns a row of a contest whose ranks are places. */
  static RankedUser user(String userId, long score, int place) {
    return user(userId, score, place, place);
  }

  static RankedUser user(String userId, long score, int rank, int place) {
    return RankedUser.newBuilder()
        .setUserId(userId)
        .setScore(score)
        .setRank(rank)
        .setPlace(place)
        .build();
  }

  static WatchContestResponse snapshot(long revision, int total, RankedUser... users) {
    return snapshot(revision, total, RankStyle.RANK_STYLE_ORDINAL, users);
  }

  static WatchContestResponse snapshot(
      long revision, int total, RankStyle style, RankedUser... users) {
    return WatchContestResponse.newBuilder()
        .setPosition(position(revision))
        .setSnapshot(
            Snapshot.newBuilder()
                .addAllUsers(List.of(users))
                .setTotalUsers(total)
                .setReason(SnapshotReason.SNAPSHOT_REASON_INITIAL)
                .setRules(ContestRules.newBuilder().setRankStyle(style)))
        .build();
  }

  static WatchContestResponse changes(
      long after, long revision, int total, ScoreChange... changes) {
    return WatchContestResponse.newBuilder()
        .setPosition(position(revision))
        .setPreviousRevision(after)
        .setChanges(
            Changes.newBuilder().addAllChanges(List.of(changes)).setTotalUsers(total))
        .build();
  }

  /** Returns the change of a row that leaves the board. */
  static ScoreChange removed(String userId, int previousRank) {
    return change(RankedUser.newBuilder().setUserId(userId).build(), previousRank, 0).toBuilder()
        .setRemoved(true)
        .build();
  }

  static ScoreChange change(RankedUser user, int previousRank, long points) {
    return ScoreChange.newBuilder()
        .setUser(user)
        .setPreviousRank(previousRank)
        .setPreviousPlace(previousRank)
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
