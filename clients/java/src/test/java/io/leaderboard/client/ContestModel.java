package io.leaderboard.client;

import io.leaderboard.v1.ScoreChange;
import io.leaderboard.v1.WatchContestResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** A plain model of a contest, which counts its ranks row by row and sends messages of a watch. */
final class ContestModel {
  private final ContestRules rules;
  private final WatchOptions watch;
  private final Map<String, Entry> entries = new HashMap<>();
  private final Set<String> hidden = new HashSet<>();
  private final Map<String, RankedUser> lastSent = new LinkedHashMap<>();
  private long revision = 1;
  private int mostUsers;

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
        shown()
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

  /** Returns the most users that the board had since the last snapshot. */
  int mostUsers() {
    return mostUsers;
  }

  /** Returns a snapshot of the watched rows. */
  WatchContestResponse snapshot() {
    List<RankedUser> board = board();
    mostUsers = board.size();
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
    return message(updates, this::set);
  }

  /** Removes users, and returns the message of all changes. */
  WatchContestResponse remove(List<String> userIds) {
    return message(
        userIds, userId -> changes(userId, () -> entries.remove(userId), row -> 0));
  }

  /** Hides users that are not hidden and unhides the others, and returns the message of it. */
  WatchContestResponse toggleHidden(List<String> userIds) {
    return message(
        userIds,
        userId ->
            changes(
                userId,
                () -> {
                  if (!hidden.remove(userId)) {
                    hidden.add(userId);
                  }
                },
                row -> 0));
  }

  private <T> WatchContestResponse message(
      List<T> steps, Function<T, List<ScoreChange>> apply) {
    long after = revision;
    List<ScoreChange> changes = new ArrayList<>();
    steps.forEach(step -> changes.addAll(apply.apply(step)));
    if (changes.isEmpty()) {
      return WatchMessages.progress(after).toBuilder()
          .setPosition(WatchMessages.position(revision))
          .build();
    }
    return WatchMessages.changes(
        after, revision, board().size(), changes.toArray(ScoreChange[]::new));
  }

  private List<ScoreChange> set(ScoreUpdate update) {
    String userId = update.userId();
    Entry held = entries.get(userId);
    boolean isSame = held != null && held.score() == update.points();
    long reachedAt = isSame ? held.reachedAt() : revision + 1;
    Entry next = new Entry(userId, update.points(), update.displayName(), reachedAt);
    long before = held == null ? 0 : held.score();
    return changes(userId, () -> entries.put(userId, next), row -> row.score() - before);
  }

  /** Makes a change of one user, which takes a revision, and returns what watchers are sent. */
  private List<ScoreChange> changes(
      String userId, Runnable action, ToLongFunction<RankedUser> points) {
    List<RankedUser> before = board();
    action.run();
    revision++;
    mostUsers = Math.max(mostUsers, board().size());
    RankedUser was = row(before, userId);
    RankedUser row = row(board(), userId);
    boolean isWatched =
        watch.scope() != WatchScope.USERS || watch.userIds().contains(userId);
    if (!isWatched || (was == null && row == null)) {
      return List.of();
    }
    ScoreChange change = row == null ? removed(was) : change(row, was, points.applyAsLong(row));
    if (watch.scope() == WatchScope.TOP) {
      return topChanges(before, change);
    }
    lastSent.remove(userId);
    if (row != null) {
      sent(row);
    }
    return List.of(change);
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
    boolean isTop = !change.getRemoved() && change.getUser().getPlace() <= watch.limit();
    if (wasTop || isTop) {
      ScoreChange.Builder sent = change.toBuilder();
      if (!isTop && !change.getRemoved()) {
        // No more is known of the place of a user that left.
        sent.getUserBuilder().setPlace(watch.limit() + 1);
      }
      changes.add(sent.build());
    }
    if (wasTop && !isTop && board().size() >= watch.limit()) {
      RankedUser risen = board().get(watch.limit() - 1);
      changes.add(change(risen, null, 0));
    }
    return changes;
  }

  private Stream<Entry> shown() {
    return entries.values().stream().filter(entry -> !hidden.contains(entry.userId()));
  }

  private List<RankedUser> top(List<RankedUser> board) {
    return board.subList(0, Math.min(watch.limit(), board.size()));
  }

  private int rank(Entry entry, int place) {
    List<Long> better =
        shown()
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

  private static ScoreChange removed(RankedUser was) {
    return WatchMessages.removed(was.userId(), was.rank()).toBuilder()
        .setPreviousPlace(was.place())
        .build();
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
