package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leaderboard.v1.WatchContestResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random changes lead to the rows of a plain model, in each scope and by each rule. */
class LiveBoardModelTest {
  private static final List<String> USERS = List.of("a", "b", "c", "d", "e", "f", "g", "h");
  private static final List<String> WATCHED = List.of("a", "c", "e", "h");
  private static final int SEEDS = 6;
  private static final int STEPS = 40;

  /** All combinations of rules, but for bounds and modes, which a watch does not see. */
  static Stream<ContestRules> rules() {
    List<ContestRules> rules = new ArrayList<>();
    for (RankStyle style : List.of(RankStyle.ORDINAL, RankStyle.COMPETITION, RankStyle.DENSE)) {
      for (Order order : List.of(Order.HIGHEST_FIRST, Order.LOWEST_FIRST)) {
        for (TieBreak tieBreak : List.of(TieBreak.FIRST_REACHED, TieBreak.LAST_REACHED)) {
          rules.add(
              ContestRules.builder().rankStyle(style).order(order).tieBreak(tieBreak).build());
        }
      }
    }
    return rules.stream();
  }

  /** With the scope TOP the rows are exactly the first ones of the model. */
  @ParameterizedTest
  @MethodSource("rules")
  void topRowsAreExact(ContestRules rules) {
    for (int limit = 1; limit <= USERS.size() + 1; limit++) {
      WatchOptions watch = WatchOptions.builder("chess").limit(limit).build();
      run(
          rules,
          watch,
          (board, model) -> {
            List<RankedUser> all = model.board();
            assertEquals(all.subList(0, Math.min(watch.limit(), all.size())), board.rows());
          });
    }
  }

  /** With the scope ALL the rows are the first ones of the model, and all while they fit. */
  @ParameterizedTest
  @MethodSource("rules")
  void knownRowsAreExact(ContestRules rules) {
    for (int limit = 2; limit <= USERS.size(); limit++) {
      WatchOptions watch =
          WatchOptions.builder("chess").scope(WatchScope.ALL).limit(limit).build();
      run(
          rules,
          watch,
          (board, model) -> {
            List<RankedUser> all = model.board();
            List<RankedUser> rows = board.rows();
            assertEquals(all.subList(0, rows.size()), rows);
            assertTrue(model.mostUsers() > watch.limit() || rows.size() == all.size());
            assertEquals(OptionalInt.of(all.size()), board.totalUsers());
          });
    }
  }

  /** With the scope USERS the rows are those of each user's last change, by score, then place. */
  @ParameterizedTest
  @MethodSource("rules")
  void watchedRowsAreThoseOfTheirLastChange(ContestRules rules) {
    run(
        rules,
        WatchOptions.builder("chess").users(WATCHED).build(),
        (board, model) -> {
          List<RankedUser> rows = new ArrayList<>(model.lastSent());
          Collections.reverse(rows);
          int sign = rules.order() == Order.LOWEST_FIRST ? 1 : -1;
          rows.sort(
              Comparator.comparingLong((RankedUser row) -> sign * row.score())
                  .thenComparingInt(RankedUser::place));
          assertEquals(rows, board.rows());
        });
  }

  private interface Check {
    void run(LiveBoard board, ContestModel model);
  }

  private static void run(ContestRules rules, WatchOptions watch, Check check) {
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      ContestModel model = new ContestModel(rules, watch);
      LiveBoard board = new LiveBoard(watch.scope(), watch.limit());
      // Some users are there before the watch begins.
      model.set(updates(random, random.nextInt(10)));
      board.apply(model.snapshot());
      for (int step = 0; step < STEPS; step++) {
        board.apply(step(random, model));
        if (random.nextInt(20) == 0) {
          board.apply(model.snapshot());
        }
        try {
          check.run(board, model);
        } catch (AssertionError e) {
          throw new AssertionError("%s, seed %d, step %d".formatted(watch, seed, step), e);
        }
      }
    }
  }

  /** Changes scores most often, and else removes, hides or unhides users. */
  private static WatchContestResponse step(Random random, ContestModel model) {
    List<String> users = new ArrayList<>(USERS);
    Collections.shuffle(users, random);
    List<String> some = users.subList(0, 1 + random.nextInt(2));
    return switch (random.nextInt(6)) {
      case 0 -> model.remove(some);
      case 1 -> model.toggleHidden(some);
      default -> model.set(updates(random, 1 + random.nextInt(3)));
    };
  }

  /** Returns updates with few different scores, so that most of them are shared. */
  private static List<ScoreUpdate> updates(Random random, int count) {
    return Stream.generate(
            () ->
                ScoreUpdate.builder("chess", USERS.get(random.nextInt(USERS.size())))
                    .points(random.nextInt(5) - 2)
                    .displayName(List.of("", "N").get(random.nextInt(2)))
                    .build())
        .limit(count)
        .toList();
  }
}
