package io.leaderboard.client;

import com.google.protobuf.Timestamp;
import io.leaderboard.v1.BatchGetUserRanksResponse;
import io.leaderboard.v1.BatchUpdateResult;
import io.leaderboard.v1.BatchUpdateScoresResponse;
import io.leaderboard.v1.GetScoreRankResponse;
import io.leaderboard.v1.GetTopUsersResponse;
import io.leaderboard.v1.GetUserRankResponse;
import io.leaderboard.v1.UpdateScoreResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Converts response messages of the contract into results of the client. */
final class Responses {
  private Responses() {}

  static UpdateResult of(UpdateScoreResponse message) {
    return new UpdateResult(
        of(message.getUser()),
        message.getPreviousScore(),
        message.getPreviousRank(),
        message.getPreviousPlace(),
        message.getApplied(),
        message.getReplayed(),
        of(message.getPosition()));
  }

  /**
   * Converts the results of a batch.
   *
   * @param count the number of updates in the request
   * @throws IllegalStateException if the number of results is different
   */
  static List<BatchResult> of(BatchUpdateScoresResponse message, int count) {
    if (message.getResultsCount() != count) {
      throw new IllegalStateException(
          "%d results for %d updates".formatted(message.getResultsCount(), count));
    }
    return message.getResultsList().stream().map(Responses::of).toList();
  }

  static TopUsers of(GetTopUsersResponse message) {
    return new TopUsers(
        users(message.getUsersList()), message.getTotalUsers(), of(message.getPosition()));
  }

  static UserRank of(GetUserRankResponse message) {
    return new UserRank(
        of(message.getUser()),
        users(message.getNeighborsList()),
        users(message.getAroundList()),
        message.getTotalUsers(),
        message.getPercentile(),
        of(message.getPosition()));
  }

  static UserRanks of(BatchGetUserRanksResponse message) {
    return new UserRanks(
        users(message.getUsersList()),
        message.getMissingUserIdsList(),
        message.getTotalUsers(),
        of(message.getPosition()));
  }

  static ScoreRank of(GetScoreRankResponse message) {
    return new ScoreRank(
        message.getRank(),
        message.getPlace(),
        users(message.getAroundList()),
        message.getTotalUsers(),
        of(message.getPosition()));
  }

  static ScoreChange of(io.leaderboard.v1.ScoreChange message) {
    return new ScoreChange(
        of(message.getUser()),
        message.getPreviousRank(),
        message.getPreviousPlace(),
        message.getPoints(),
        message.getEventType(),
        message.hasEventTime() ? Optional.of(of(message.getEventTime())) : Optional.empty(),
        message.getRemoved());
  }

  static SnapshotReason of(io.leaderboard.v1.SnapshotReason reason) {
    return switch (reason) {
      case SNAPSHOT_REASON_INITIAL -> SnapshotReason.INITIAL;
      case SNAPSHOT_REASON_HISTORY_TRIMMED -> SnapshotReason.HISTORY_TRIMMED;
      case SNAPSHOT_REASON_NEW_EPOCH -> SnapshotReason.NEW_EPOCH;
      case SNAPSHOT_REASON_LAGGED -> SnapshotReason.LAGGED;
      case SNAPSHOT_REASON_AHEAD -> SnapshotReason.AHEAD;
      case SNAPSHOT_REASON_NEW_SEASON -> SnapshotReason.NEW_SEASON;
      case SNAPSHOT_REASON_CONTEST_UPDATED -> SnapshotReason.CONTEST_UPDATED;
      case SNAPSHOT_REASON_UNSPECIFIED, UNRECOGNIZED -> SnapshotReason.UNSPECIFIED;
    };
  }

  static Position of(io.leaderboard.v1.Position message) {
    return new Position(message.getEpoch(), message.getRevision());
  }

  static RankedUser of(io.leaderboard.v1.RankedUser message) {
    return new RankedUser(
        message.getUserId(),
        message.getScore(),
        message.getRank(),
        message.getDisplayName(),
        message.getPlace(),
        message.getAttributesMap());
  }

  static List<RankedUser> users(List<io.leaderboard.v1.RankedUser> messages) {
    return messages.stream().map(Responses::of).toList();
  }

  static Instant of(Timestamp message) {
    return Instant.ofEpochSecond(message.getSeconds(), message.getNanos());
  }

  static Duration of(com.google.protobuf.Duration message) {
    return Duration.ofSeconds(message.getSeconds(), message.getNanos());
  }

  private static BatchResult of(BatchUpdateResult message) {
    return message.hasResponse()
        ? new BatchResult.Success(of(message.getResponse()))
        : new BatchResult.Failure(RpcStatus.ofUpdate(message.getStatus()).toException());
  }
}
