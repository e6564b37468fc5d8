package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Rules are the same after they were sent and received. */
class RuleMessagesTest {
  /** Each value of each rule is kept. */
  @Test
  void allValuesAreKept() {
    for (Order order : new Order[] {Order.HIGHEST_FIRST, Order.LOWEST_FIRST}) {
      assertIsKept(ContestRules.builder().order(order));
    }
    for (TieBreak rule : new TieBreak[] {TieBreak.FIRST_REACHED, TieBreak.LAST_REACHED}) {
      assertIsKept(ContestRules.builder().tieBreak(rule));
    }
    for (RankStyle style :
        new RankStyle[] {RankStyle.ORDINAL, RankStyle.COMPETITION, RankStyle.DENSE}) {
      assertIsKept(ContestRules.builder().rankStyle(style));
    }
    for (UpdateMode mode :
        new UpdateMode[] {UpdateMode.INCREMENT, UpdateMode.SET, UpdateMode.BEST}) {
      assertIsKept(ContestRules.builder().defaultMode(mode));
    }
    for (long bound : new long[] {-(1L << 53), 0, 1L << 53}) {
      assertIsKept(ContestRules.builder().minScore(bound));
      assertIsKept(ContestRules.builder().maxScore(bound));
      assertIsKept(ContestRules.builder().maxPoints(bound));
    }
  }

  /** Rules that are not set are received as their defaults. */
  @Test
  void absentRulesAreDefaults() {
    assertEquals(
        ContestRules.builder().build(),
        RuleMessages.of(io.leaderboard.v1.ContestRules.getDefaultInstance()));
  }

  /** Values that this version of the client does not know are no defaults. */
  @Test
  void unknownValuesAreUnspecified() {
    assertEquals(
        new ContestRules(
            Order.UNSPECIFIED,
            TieBreak.UNSPECIFIED,
            RankStyle.UNSPECIFIED,
            UpdateMode.UNSPECIFIED,
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty()),
        RuleMessages.of(
            io.leaderboard.v1.ContestRules.newBuilder()
                .setOrderValue(99)
                .setTieBreakValue(99)
                .setRankStyleValue(99)
                .setDefaultModeValue(99)
                .build()));
  }

  private static void assertIsKept(ContestRules.Builder builder) {
    ContestRules rules = builder.build();
    assertEquals(rules, RuleMessages.of(RuleMessages.of(rules)));
  }
}
