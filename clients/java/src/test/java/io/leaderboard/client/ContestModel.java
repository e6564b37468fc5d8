package io.leaderboard.client;

import io.leaderboard.v1.ScoreChange;
import io.leaderboard.v1.WatchContestResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A plain model of a contest, which counts its ranks row by row and sends messages of a watch. */
final class ContestModel {
  private final ContestRules rules;
  private final WatchOptions watch;
  private final Map<String, Entry> entries = new HashMap<>();
  private final Map<String, RankedUser> lastSent = new LinkedHashMap<>();
  private long revision = 1;

  ContestModel(ContestRules rules, WatchOptions watch) {
    this.rules = rules;
    this.watch = watch;
  }

  /** A user's score and name, and the revision at which the score was reached. */
  private record Entry(String userId, long score, String name, long reachedAt) {}

  /** Returns all rows, best first. */
  List<RankedUser> board() {
    Comparator<Entry> worst = Comparator.comparingLong(Entry::score);
    Comparator<Entry> first = Comparator.comparingLong(Entry::reachedAt);
    Comparator<Entry> best = rules.order() == Order.LOWEST_FIRST ? worst : worst.reversed();
    boolean lastReached = rules.tieBreak() == TieBreak.LAST_REACHED;
    List<Entry> sorted =
        entries.values().stream()
            .sorted(best.thenComparing(lastReached ? first.reversed() : first))
            .toList();
    List<RankedUser> rows = new ArrayList<>();
    for (Entry entry : sorted) {
      int place = rows.size() + 1;
      rows.add(
          new RankedUser(
              entry.userId(), entry.score(), rank(entry, place), entry.name(), place, Map.of()));
    }
    return rows;
  }

  /** Returns the watched users, each as of its last message, the one of the latest last. */
  Collection<RankedUser> lastSent() {
    return lastSent.values();
  }

  /** Returns a snapshot of the watched rows. */
  WatchContestResponse snapshot() {
    List<RankedUser> board = board();
    List<RankedUser> rows =
        watch.scope() == WatchScope.USERS
            ? board.stream().filter(row -> watch.userIds().contains(row.userId())).toList()
            : top(board);
    rows.forEach(this::sent);
    io.leaderboard.v1.RankedUser[] users =
        rows.stream().map(ContestModel::message).toArray(io.leaderboard.v1.RankedUser[]::new);
    var style = io.leaderboard.v1.RankStyle.valueOf("RANK_STYLE_" + rules.rankStyle());
    var snapshot = WatchMessages.snapshot(revision, board.size(), style, users).toBuilder();
    var order = io.leaderboard.v1.Order.valueOf("ORDER_" + rules.order());
    snapshot.getSnapshotBuilder().getRulesBuilder().setOrder(order);
    return snapshot.build();
  }

  /** Sets scores, each with a revision of its own, and returns the message of all changes. */
  WatchContestResponse set(List<ScoreUpdate> updates) {
    long after = revision;
    List<ScoreChange> changes = new ArrayList<>();
    updates.forEach(update -> changes.addAll(set(update)));
    if (changes.isEmpty()) {
      return WatchMessages.progress(after).toBuilder()
          .setPosition(WatchMessages.position(revision))
          .build();
    }
    return WatchMessages.changes(after, revision, changes.toArray(ScoreChange[]::new));
  }

  private List<ScoreChange> set(ScoreUpdate update) {
    List<RankedUser> before = board();
    Entry held = entries.get(update.userId());
    revision++;
    boolean isSame = held != null && held.score() == update.points();
    long reachedAt = isSame ? held.reachedAt() : revision;
    entries.put(
        update.userId(),
        new Entry(update.userId(), update.points(), update.displayName(), reachedAt));
    RankedUser was = row(before, update.userId());
    RankedUser row = row(board(), update.userId());
    long points = row.score() - (was == null ? 0 : was.score());
    return switch (watch.scope()) {
      case ALL -> List.of(change(row, was, points));
      case USERS -> {
        boolean isWatched = watch.userIds().contains(row.userId());
        if (isWatched) {
          sent(row);
        }
        yield isWatched ? List.of(change(row, was, points)) : List.of();
      }
      case TOP -> topChanges(before, change(row, was, points));
    };
  }

  private void sent(RankedUser row) {
    lastSent.remove(row.userId());
    lastSent.put(row.userId(), row);
  }

  /** Returns the change if it affects the first rows, and the row that moves up into them. */
  private List<ScoreChange> topChanges(List<RankedUser> before, ScoreChange change) {
    List<ScoreChange> changes = new ArrayList<>();
    String userId = change.getUser().getUserId();
    boolean wasTop = row(top(before), userId) != null;
    boolean isTop = change.getUser().getPlace() <= watch.limit();
    if (wasTop || isTop) {
      ScoreChange.Builder sent = change.toBuilder();
      if (!isTop) {
        // No more is known of the place of a user that left.
        sent.getUserBuilder().setPlace(watch.limit() + 1);
      }
      changes.add(sent.build());
    }
    if (wasTop && !isTop) {
      RankedUser risen = board().get(watch.limit() - 1);
      changes.add(change(risen, null, 0));
    }
    return changes;
  }

  private List<RankedUser> top(List<RankedUser> board) {
    return board.subList(0, Math.min(watch.limit(), board.size()));
  }

  private int rank(Entry entry, int place) {
    List<Long> better =
        entries.values().stream()
            .map(Entry::score)
            .filter(
                score ->
                    rules.order() == Order.LOWEST_FIRST
                        ? score < entry.score()
                        : score > entry.score())
            .toList();
    return switch (rules.rankStyle()) {
      case COMPETITION -> better.size() + 1;
      case DENSE -> (int) better.stream().distinct().count() + 1;
      case ORDINAL, UNSPECIFIED -> place;
    };
  }

  private static RankedUser row(List<RankedUser> rows, String userId) {
    return rows.stream().filter(row -> row.userId().equals(userId)).findAny().orElse(null);
  }

  private static ScoreChange change(RankedUser row, RankedUser was, long points) {
    return ScoreChange.newBuilder()
        .setUser(message(row))
        .setPreviousRank(was == null ? 0 : was.rank())
        .setPreviousPlace(was == null ? 0 : was.place())
        .setPoints(points)
        .build();
  }

  private static io.leaderboard.v1.RankedUser message(RankedUser row) {
    return WatchMessages.user(row.userId(), row.score(), row.rank(), row.place()).toBuilder()
        .setDisplayName(row.displayName())
        .build();
  }
}
