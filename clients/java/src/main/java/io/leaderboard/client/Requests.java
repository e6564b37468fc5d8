package io.leaderboard.client;

import com.google.protobuf.Timestamp;
import io.leaderboard.v1.BatchGetUserRanksRequest;
import io.leaderboard.v1.BatchUpdateScoresRequest;
import io.leaderboard.v1.GetScoreRankRequest;
import io.leaderboard.v1.GetTopUsersRequest;
import io.leaderboard.v1.GetUserRankRequest;
import io.leaderboard.v1.UpdateScoreRequest;
import io.leaderboard.v1.WatchContestRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Converts updates, queries and watch options into request messages of the contract. */
final class Requests {
  private Requests() {}

  static UpdateScoreRequest of(ScoreUpdate update) {
    UpdateScoreRequest.Builder message =
        UpdateScoreRequest.newBuilder()
            .setContestId(update.contestId())
            .setUserId(update.userId())
            .setPoints(update.points())
            .setMode(mode(update.mode()))
            .setRequestId(update.requestId())
            .setEventType(update.eventType())
            .setDisplayName(update.displayName())
            .setClearDisplayName(update.clearDisplayName())
            .putAllAttributes(update.attributes())
            .setSeason(update.season());
    update.eventTime().ifPresent(time -> message.setEventTime(of(time)));
    return message.build();
  }

  static BatchUpdateScoresRequest of(List<ScoreUpdate> updates) {
    return BatchUpdateScoresRequest.newBuilder()
        .addAllUpdates(updates.stream().map(Requests::of).toList())
        .build();
  }

  static GetTopUsersRequest of(TopUsersQuery query) {
    GetTopUsersRequest.Builder message =
        GetTopUsersRequest.newBuilder()
            .setContestId(query.contestId())
            .setLimit(query.limit())
            .setStartRank(query.startRank())
            .setSeason(query.season());
    query.minPosition().ifPresent(position -> message.setMinPosition(of(position)));
    return message.build();
  }

  static GetUserRankRequest of(UserRankQuery query) {
    GetUserRankRequest.Builder message =
        GetUserRankRequest.newBuilder()
            .setContestId(query.contestId())
            .setUserId(query.userId())
            .setNeighbors(query.neighbors())
            .setAround(query.around())
            .setSeason(query.season());
    query.minPosition().ifPresent(position -> message.setMinPosition(of(position)));
    return message.build();
  }

  static BatchGetUserRanksRequest of(UserRanksQuery query) {
    BatchGetUserRanksRequest.Builder message =
        BatchGetUserRanksRequest.newBuilder()
            .setContestId(query.contestId())
            .addAllUserIds(query.userIds())
            .setSeason(query.season());
    query.minPosition().ifPresent(position -> message.setMinPosition(of(position)));
    return message.build();
  }

  static GetScoreRankRequest of(ScoreRankQuery query) {
    GetScoreRankRequest.Builder message =
        GetScoreRankRequest.newBuilder()
            .setContestId(query.contestId())
            .setScore(query.score())
            .setAround(query.around())
            .setSeason(query.season());
    query.minPosition().ifPresent(position -> message.setMinPosition(of(position)));
    return message.build();
  }

  static WatchContestRequest of(WatchOptions options) {
    WatchContestRequest.Builder message =
        WatchContestRequest.newBuilder()
            .setContestId(options.contestId())
            .setLimit(options.limit())
            .setScope(scope(options.scope()))
            .addAllUserIds(options.userIds());
    if (!options.minInterval().isZero()) {
      message.setMinInterval(of(options.minInterval()));
    }
    return message.build();
  }

  static io.leaderboard.v1.Position of(Position position) {
    return io.leaderboard.v1.Position.newBuilder()
        .setEpoch(position.epoch())
        .setRevision(position.revision())
        .build();
  }

  static Timestamp of(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }

  static com.google.protobuf.Duration of(Duration duration) {
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }

  static io.leaderboard.v1.UpdateMode mode(UpdateMode mode) {
    return switch (mode) {
      case UNSPECIFIED -> io.leaderboard.v1.UpdateMode.UPDATE_MODE_UNSPECIFIED;
      case INCREMENT -> io.leaderboard.v1.UpdateMode.UPDATE_MODE_INCREMENT;
      case SET -> io.leaderboard.v1.UpdateMode.UPDATE_MODE_SET;
      case BEST -> io.leaderboard.v1.UpdateMode.UPDATE_MODE_BEST;
    };
  }

  private static io.leaderboard.v1.WatchScope scope(WatchScope scope) {
    return switch (scope) {
      case TOP -> io.leaderboard.v1.WatchScope.WATCH_SCOPE_TOP;
      case ALL -> io.leaderboard.v1.WatchScope.WATCH_SCOPE_ALL;
      case USERS -> io.leaderboard.v1.WatchScope.WATCH_SCOPE_USERS;
    };
  }
}
