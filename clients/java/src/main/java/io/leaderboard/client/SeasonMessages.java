package io.leaderboard.client;

import io.leaderboard.v1.ListSeasonsRequest;
import io.leaderboard.v1.ListSeasonsResponse;
import io.leaderboard.v1.ResetContestRequest;
import java.util.Optional;

/** Converts seasons and their schedules into messages of the contract, and back. */
final class SeasonMessages {
  private SeasonMessages() {}

  static ResetContestRequest reset(String contestId, int season) {
    return ResetContestRequest.newBuilder()
        .setContestId(UnicodeText.check(contestId, "contestId"))
        .setSeason(season)
        .build();
  }

  static ListSeasonsRequest list(SeasonsQuery query, String pageToken) {
    return ListSeasonsRequest.newBuilder()
        .setContestId(query.contestId())
        .setPageSize(query.pageSize())
        .setPageToken(pageToken)
        .build();
  }

  static PageIterator.Page<Season> of(ListSeasonsResponse message) {
    return new PageIterator.Page<>(
        message.getSeasonsList().stream().map(SeasonMessages::of).toList(),
        message.getNextPageToken());
  }

  static io.leaderboard.v1.ResetSchedule of(ResetSchedule schedule) {
    return io.leaderboard.v1.ResetSchedule.newBuilder()
        .setCron(schedule.cron())
        .setTimeZone(schedule.timeZone())
        .build();
  }

  static ResetSchedule of(io.leaderboard.v1.ResetSchedule message) {
    return new ResetSchedule(message.getCron(), message.getTimeZone());
  }

  private static Season of(io.leaderboard.v1.Season message) {
    return new Season(
        message.getNumber(),
        message.hasStartedAt()
            ? Optional.of(Responses.of(message.getStartedAt()))
            : Optional.empty(),
        message.hasEndedAt() ? Optional.of(Responses.of(message.getEndedAt())) : Optional.empty(),
        message.getTotalUsers(),
        Responses.of(message.getPosition()));
  }
}
