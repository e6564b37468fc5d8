package io.leaderboard.client;

import com.google.protobuf.FieldMask;
import io.leaderboard.v1.CreateContestRequest;
import io.leaderboard.v1.DeleteContestRequest;
import io.leaderboard.v1.GetContestRequest;
import io.leaderboard.v1.ListContestsRequest;
import io.leaderboard.v1.ListContestsResponse;
import io.leaderboard.v1.UpdateContestRequest;
import java.util.Optional;
import java.util.OptionalInt;

/** Converts contests into messages of the contract, and back. */
final class ContestMessages {
  private ContestMessages() {}

  static CreateContestRequest create(ContestSettings settings) {
    return CreateContestRequest.newBuilder().setContest(contest(settings)).build();
  }

  static GetContestRequest get(String contestId) {
    return GetContestRequest.newBuilder()
        .setContestId(UnicodeText.check(contestId, "contestId"))
        .build();
  }

  static UpdateContestRequest update(ContestUpdate update) {
    return UpdateContestRequest.newBuilder()
        .setContest(contest(update.settings()))
        .setUpdateMask(FieldMask.newBuilder().addAllPaths(update.mask()))
        .build();
  }

  static DeleteContestRequest delete(String contestId, String epoch) {
    return DeleteContestRequest.newBuilder()
        .setContestId(UnicodeText.check(contestId, "contestId"))
        .setEpoch(UnicodeText.check(epoch, "epoch"))
        .build();
  }

  static ListContestsRequest list(ContestsQuery query, String pageToken) {
    return ListContestsRequest.newBuilder()
        .setIdPrefix(query.idPrefix())
        .setPageSize(query.pageSize())
        .setState(state(query.state()))
        .setPageToken(pageToken)
        .build();
  }

  static PageIterator.Page<Contest> of(ListContestsResponse message) {
    return new PageIterator.Page<>(
        message.getContestsList().stream().map(ContestMessages::of).toList(),
        message.getNextPageToken());
  }

  static Contest of(io.leaderboard.v1.Contest message) {
    return new Contest(
        message.getContestId(),
        message.getDisplayName(),
        RuleMessages.of(message.getRules()),
        message.hasStartsAt()
            ? Optional.of(Responses.of(message.getStartsAt()))
            : Optional.empty(),
        message.hasEndsAt() ? Optional.of(Responses.of(message.getEndsAt())) : Optional.empty(),
        message.hasExpireAfter()
            ? Optional.of(Responses.of(message.getExpireAfter()))
            : Optional.empty(),
        message.hasResetSchedule()
            ? Optional.of(SeasonMessages.of(message.getResetSchedule()))
            : Optional.empty(),
        message.hasKeepSeasons()
            ? OptionalInt.of(message.getKeepSeasons())
            : OptionalInt.empty(),
        of(message.getState()),
        message.getSeason(),
        message.getTotalUsers(),
        Responses.of(message.getPosition()),
        message.hasCreatedAt()
            ? Optional.of(Responses.of(message.getCreatedAt()))
            : Optional.empty(),
        message.hasNextResetAt()
            ? Optional.of(Responses.of(message.getNextResetAt()))
            : Optional.empty());
  }

  private static io.leaderboard.v1.Contest contest(ContestSettings settings) {
    io.leaderboard.v1.Contest.Builder message =
        io.leaderboard.v1.Contest.newBuilder()
            .setContestId(settings.contestId())
            .setDisplayName(settings.displayName())
            .setRules(RuleMessages.of(settings.rules()));
    settings.startsAt().ifPresent(time -> message.setStartsAt(Requests.of(time)));
    settings.endsAt().ifPresent(time -> message.setEndsAt(Requests.of(time)));
    settings.expireAfter().ifPresent(time -> message.setExpireAfter(Requests.of(time)));
    settings
        .resetSchedule()
        .ifPresent(schedule -> message.setResetSchedule(SeasonMessages.of(schedule)));
    settings.keepSeasons().ifPresent(message::setKeepSeasons);
    return message.build();
  }

  private static ContestState of(io.leaderboard.v1.ContestState state) {
    return switch (state) {
      case CONTEST_STATE_SCHEDULED -> ContestState.SCHEDULED;
      case CONTEST_STATE_OPEN -> ContestState.OPEN;
      case CONTEST_STATE_CLOSED -> ContestState.CLOSED;
      case CONTEST_STATE_UNSPECIFIED, UNRECOGNIZED -> ContestState.UNSPECIFIED;
    };
  }

  private static io.leaderboard.v1.ContestState state(ContestState state) {
    return switch (state) {
      case UNSPECIFIED -> io.leaderboard.v1.ContestState.CONTEST_STATE_UNSPECIFIED;
      case SCHEDULED -> io.leaderboard.v1.ContestState.CONTEST_STATE_SCHEDULED;
      case OPEN -> io.leaderboard.v1.ContestState.CONTEST_STATE_OPEN;
      case CLOSED -> io.leaderboard.v1.ContestState.CONTEST_STATE_CLOSED;
    };
  }
}
