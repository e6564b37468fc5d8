package io.leaderboard.client;

import static io.leaderboard.client.WatchMessages.change;
import static io.leaderboard.client.WatchMessages.changes;
import static io.leaderboard.client.WatchMessages.end;
import static io.leaderboard.client.WatchMessages.removed;
import static io.leaderboard.client.WatchMessages.snapshot;
import static io.leaderboard.client.WatchMessages.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.WatchContestResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A watch follows the board, reconnects after recoverable errors, and resumes. */
@Timeout(30)
class ContestWatchTest extends WithFakeService {
  private static final WatchContestResponse FIRST =
      snapshot(7, 2, user("ada", 5, 1), user("bob", 3, 2));
  private static final WatchContestResponse BOB_LEADS =
      changes(7, 8, 2, change(user("bob", 6, 1), 2, 3));
  private static final WatchContestResponse OVER = end(8, EndReason.END_REASON_CONTEST_OVER);

  /** Updates have the whole board and the new changes, until the contest is over. */
  @Test
  void watchFollowsTheBoardUntilTheContestIsOver() {
    scriptWatch(FIRST, BOB_LEADS, OVER);

    List<WatchUpdate> updates = updatesOf(client.watchContest("chess"));

    assertEquals(
        List.of(WatchState.CONNECTING, WatchState.LIVE, WatchState.LIVE, WatchState.OVER),
        states(updates));
    assertEquals("bob", updates.get(2).rows().get(0).userId());
    assertEquals(3, updates.get(2).changes().get(0).points());
    assertEquals(SnapshotReason.INITIAL, updates.get(1).snapshotReason().orElseThrow());
  }

  /** After a broken stream the next one resumes after the board's position. */
  @Test
  void brokenStreamResumes() {
    fake.watches.add(
        observer -> {
          observer.onNext(FIRST);
          observer.onError(Status.UNKNOWN.asRuntimeException());
        });
    fake.watches.add(observer -> observer.onError(Statuses.STORE_UNAVAILABLE));
    scriptWatch(BOB_LEADS, OVER);

    List<WatchUpdate> updates = updatesOf(client.watchContest("chess"));

    assertEquals(
        List.of(
            WatchState.CONNECTING,
            WatchState.LIVE,
            WatchState.RECONNECTING,
            WatchState.RECONNECTING,
            WatchState.LIVE,
            WatchState.OVER),
        states(updates));
    assertEquals("the store is unavailable", updates.get(3).trouble().orElseThrow().getMessage());
    assertEquals("ada", updates.get(3).rows().get(0).userId());
    assertEquals(List.of(0L, 7L, 7L), resumedAfter());
  }

  /** A stream without messages is closed at the idle timeout, and the next one resumes. */
  @Test
  void idleStreamResumes() {
    scriptWatch(FIRST);
    scriptWatch(BOB_LEADS, OVER);
    ContestWatch.Resources resources =
        resources(ClientThreads.timer(), Duration.ofSeconds(1));

    List<WatchUpdate> updates =
        updatesOf(new ContestWatch(WatchOptions.builder("chess").build(), resources));

    assertEquals(WatchState.RECONNECTING, updates.get(2).state());
    assertInstanceOf(StreamLostException.class, updates.get(2).trouble().orElseThrow());
    assertEquals(List.of(0L, 7L), resumedAfter());
    assertEquals(2, fake.peers.size());
  }

  /** After a draining server ended its stream, the next one resumes. */
  @Test
  void drainedStreamResumes() {
    scriptWatch(FIRST, end(7, EndReason.END_REASON_DRAINING));
    scriptWatch(BOB_LEADS, OVER);

    List<WatchUpdate> updates = updatesOf(client.watchContest("chess"));

    assertEquals(WatchState.RECONNECTING, updates.get(2).state());
    assertEquals(List.of(0L, 7L), resumedAfter());
  }

  /** A watch of a contest that is deleted ends with its last board, and is not opened again. */
  @Test
  void deletedContestEndsTheWatch() {
    WatchContestResponse gone =
        end(0, EndReason.END_REASON_CONTEST_DELETED).toBuilder().clearPosition().build();
    scriptWatch(FIRST, gone);

    List<WatchUpdate> updates = updatesOf(client.watchContest("chess"));

    assertEquals(
        List.of(WatchState.CONNECTING, WatchState.LIVE, WatchState.DELETED), states(updates));
    assertEquals(updates.get(1).rows(), updates.get(2).rows());
    assertEquals(updates.get(1).position(), updates.get(2).position());
    assertTrue(updates.get(2).trouble().isEmpty());
    assertEquals(1, fake.watchRequests.size());
  }

  /** A deletion ends a watch also before its first board, which then stays empty. */
  @Test
  void deletionBeforeTheFirstBoardEndsTheWatch() {
    scriptWatch(end(7, EndReason.END_REASON_CONTEST_DELETED));

    List<WatchUpdate> updates = updatesOf(client.watchContest("chess"));

    assertEquals(List.of(WatchState.CONNECTING, WatchState.DELETED), states(updates));
    assertTrue(updates.get(1).position().isEmpty());
  }

  /** A row that leaves the board is a change, and so is its return in the same message. */
  @Test
  void removedRowsAreChanges() {
    scriptWatch(
        FIRST,
        changes(
            7, 9, 2, removed("ada", 1), change(user("ada", 1, 2), 0, 1), removed("eve", 0)),
        end(9, EndReason.END_REASON_CONTEST_OVER));

    WatchUpdate update = updatesOf(client.watchContest("chess")).get(2);

    assertEquals(
        List.of("ada true", "ada false"),
        update.changes().stream()
            .map(change -> change.user().userId() + " " + change.removed())
            .toList());
    assertEquals(
        List.of("bob", "ada"), update.rows().stream().map(RankedUser::userId).toList());
    assertEquals(OptionalInt.of(2), update.totalUsers());
  }

  /** A change of settings brings a snapshot, whose rules hold from then on. */
  @Test
  void changedSettingsBringSnapshot() {
    WatchContestResponse.Builder changed =
        snapshot(
                8,
                2,
                io.leaderboard.v1.RankStyle.RANK_STYLE_DENSE,
                user("ada", 5, 1),
                user("bob", 3, 2))
            .toBuilder();
    changed
        .getSnapshotBuilder()
        .setReason(io.leaderboard.v1.SnapshotReason.SNAPSHOT_REASON_CONTEST_UPDATED);
    scriptWatch(
        FIRST,
        changed.build(),
        changes(8, 9, 2, change(user("bob", 5, 1, 2), 2, 2)),
        end(9, EndReason.END_REASON_CONTEST_OVER));

    List<WatchUpdate> updates = updatesOf(client.watchContest("chess"));

    assertEquals(SnapshotReason.CONTEST_UPDATED, updates.get(2).snapshotReason().orElseThrow());
    assertEquals(
        List.of(1, 1), updates.get(3).rows().stream().map(RankedUser::rank).toList());
    assertEquals(1, fake.watchRequests.size());
  }

  /** After a gap the next stream starts with a snapshot. */
  @Test
  void gapRestartsWithSnapshot() {
    scriptWatch(FIRST, changes(8, 9, 2, change(user("bob", 6, 1), 2, 3)));
    scriptWatch(snapshot(8, 1, user("bob", 9, 1)), OVER);

    List<WatchUpdate> updates = updatesOf(client.watchContest("chess"));

    assertInstanceOf(MissedChangesException.class, updates.get(2).trouble().orElseThrow());
    assertEquals(List.of(0L, 0L), resumedAfter());
    assertEquals(9, updates.get(3).rows().get(0).score());
  }

  /** An error that is not recoverable ends the watch. */
  @Test
  void permanentErrorEndsTheWatch() {
    fake.watches.add(
        observer ->
            observer.onError(
                Statuses.error(
                    Status.Code.INVALID_ARGUMENT,
                    "",
                    Statuses.errorInfo("ERROR_REASON_INVALID_FIELD", Map.of()))));

    CompletableFuture<Void> done = client.watchContest("chess").consume(update -> {});

    assertInstanceOf(InvalidRequestException.class, failure(done));
  }

  /** Closing the client ends its watches. */
  @Test
  void closedClientEndsItsWatches() {
    scriptWatch(FIRST);
    CompletableFuture<Void> done = client.watchContest("chess").consume(update -> {});

    client.close();

    assertInstanceOf(CancelledException.class, failure(done));
  }
}
