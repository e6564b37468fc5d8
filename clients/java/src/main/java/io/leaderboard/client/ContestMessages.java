package io.leaderboard.client;

import com.google.protobuf.FieldMask;
import io.leaderboard.v1.CreateContestRequest;
import io.leaderboard.v1.GetContestRequest;
import io.leaderboard.v1.ListContestsRequest;
import io.leaderboard.v1.UpdateContestRequest;
import java.util.Optional;

/** Converts contests into messages of the contract, and back. */
final class ContestMessages {
  private ContestMessages() {}

  static CreateContestRequest create(ContestSettings settings) {
    return CreateContestRequest.newBuilder().setContest(contest(settings)).build();
  }

  static GetContestRequest get(String contestId) {
    return GetContestRequest.newBuilder().setContestId(contestId).build();
  }

  static UpdateContestRequest update(ContestUpdate update) {
    return UpdateContestRequest.newBuilder()
        .setContest(contest(update.settings()))
        .setUpdateMask(FieldMask.newBuilder().addAllPaths(update.mask()))
        .build();
  }

  static ListContestsRequest list(ContestsQuery query, String pageToken) {
    return ListContestsRequest.newBuilder()
        .setIdPrefix(query.idPrefix())
        .setPageSize(query.pageSize())
        .setPageToken(pageToken)
        .build();
  }

  static Contest of(io.leaderboard.v1.Contest message) {
    return new Contest(
        message.getContestId(),
        message.getDisplayName(),
        RuleMessages.of(message.getRules()),
        message.getTotalUsers(),
        Responses.of(message.getPosition()),
        message.hasCreatedAt()
            ? Optional.of(Responses.of(message.getCreatedAt()))
            : Optional.empty());
  }

  private static io.leaderboard.v1.Contest contest(ContestSettings settings) {
    return io.leaderboard.v1.Contest.newBuilder()
        .setContestId(settings.contestId())
        .setDisplayName(settings.displayName())
        .setRules(RuleMessages.of(settings.rules()))
        .build();
  }
}
