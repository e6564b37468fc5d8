package io.leaderboard.client;

import java.util.OptionalLong;

/** Converts the rules of contests into messages of the contract, and back. */
final class RuleMessages {
  private RuleMessages() {}

  static io.leaderboard.v1.ContestRules of(ContestRules rules) {
    io.leaderboard.v1.ContestRules.Builder message =
        io.leaderboard.v1.ContestRules.newBuilder()
            .setOrder(order(rules.order()))
            .setTieBreak(tieBreak(rules.tieBreak()))
            .setRankStyle(rankStyle(rules.rankStyle()))
            .setDefaultMode(Requests.mode(rules.defaultMode()));
    rules.minScore().ifPresent(message::setMinScore);
    rules.maxScore().ifPresent(message::setMaxScore);
    rules.maxPoints().ifPresent(message::setMaxPoints);
    return message.build();
  }

  static ContestRules of(io.leaderboard.v1.ContestRules message) {
    return new ContestRules(
        of(message.getOrder()),
        of(message.getTieBreak()),
        of(message.getRankStyle()),
        of(message.getDefaultMode()),
        message.hasMinScore() ? OptionalLong.of(message.getMinScore()) : OptionalLong.empty(),
        message.hasMaxScore() ? OptionalLong.of(message.getMaxScore()) : OptionalLong.empty(),
        message.hasMaxPoints() ? OptionalLong.of(message.getMaxPoints()) : OptionalLong.empty());
  }

  static RankStyle of(io.leaderboard.v1.RankStyle style) {
    return switch (style) {
      case RANK_STYLE_UNSPECIFIED, RANK_STYLE_ORDINAL -> RankStyle.ORDINAL;
      case RANK_STYLE_COMPETITION -> RankStyle.COMPETITION;
      case RANK_STYLE_DENSE -> RankStyle.DENSE;
      case UNRECOGNIZED -> RankStyle.UNSPECIFIED;
    };
  }

  private static io.leaderboard.v1.Order order(Order order) {
    return switch (order) {
      case UNSPECIFIED -> io.leaderboard.v1.Order.ORDER_UNSPECIFIED;
      case HIGHEST_FIRST -> io.leaderboard.v1.Order.ORDER_HIGHEST_FIRST;
      case LOWEST_FIRST -> io.leaderboard.v1.Order.ORDER_LOWEST_FIRST;
    };
  }

  private static io.leaderboard.v1.TieBreak tieBreak(TieBreak tieBreak) {
    return switch (tieBreak) {
      case UNSPECIFIED -> io.leaderboard.v1.TieBreak.TIE_BREAK_UNSPECIFIED;
      case FIRST_REACHED -> io.leaderboard.v1.TieBreak.TIE_BREAK_FIRST_REACHED;
      case LAST_REACHED -> io.leaderboard.v1.TieBreak.TIE_BREAK_LAST_REACHED;
    };
  }

  private static io.leaderboard.v1.RankStyle rankStyle(RankStyle style) {
    return switch (style) {
      case UNSPECIFIED -> io.leaderboard.v1.RankStyle.RANK_STYLE_UNSPECIFIED;
      case ORDINAL -> io.leaderboard.v1.RankStyle.RANK_STYLE_ORDINAL;
      case COMPETITION -> io.leaderboard.v1.RankStyle.RANK_STYLE_COMPETITION;
      case DENSE -> io.leaderboard.v1.RankStyle.RANK_STYLE_DENSE;
    };
  }

  private static Order of(io.leaderboard.v1.Order order) {
    return switch (order) {
      case ORDER_UNSPECIFIED, ORDER_HIGHEST_FIRST -> Order.HIGHEST_FIRST;
      case ORDER_LOWEST_FIRST -> Order.LOWEST_FIRST;
      case UNRECOGNIZED -> Order.UNSPECIFIED;
    };
  }

  private static TieBreak of(io.leaderboard.v1.TieBreak tieBreak) {
    return switch (tieBreak) {
      case TIE_BREAK_UNSPECIFIED, TIE_BREAK_FIRST_REACHED -> TieBreak.FIRST_REACHED;
      case TIE_BREAK_LAST_REACHED -> TieBreak.LAST_REACHED;
      case UNRECOGNIZED -> TieBreak.UNSPECIFIED;
    };
  }

  private static UpdateMode of(io.leaderboard.v1.UpdateMode mode) {
    return switch (mode) {
      case UPDATE_MODE_UNSPECIFIED, UPDATE_MODE_INCREMENT -> UpdateMode.INCREMENT;
      case UPDATE_MODE_SET -> UpdateMode.SET;
      case UPDATE_MODE_BEST -> UpdateMode.BEST;
      case UNRECOGNIZED -> UpdateMode.UNSPECIFIED;
    };
  }
}
