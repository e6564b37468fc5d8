package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A buffer sends all it takes, in order and with bounds, and tells of what is refused. */
@Timeout(30)
class ScoreBufferTest {
  private static final LeaderboardException TOO_MUCH =
      error(Statuses.refusal(Status.Code.OUT_OF_RANGE, "too much"));
  private static final LeaderboardException AWAY = error(Statuses.STORE_AWAY);

  private final List<List<ScoreUpdate>> sent = new CopyOnWriteArrayList<>();
  private final List<String> refused = new CopyOnWriteArrayList<>();

  /** Closing sends the rest, in batches of the set size, each update with a request id. */
  @Test
  void closeSendsTheRest() throws InterruptedException {
    ScoreBuffer buffer = buffer(List.of(), ScoreBufferOptions.builder().batchSize(2));
    for (int i = 0; i < 5; i++) {
      buffer.add(update("user-" + i));
    }
    buffer.close();

    List<ScoreUpdate> all = sent.stream().flatMap(List::stream).toList();
    assertEquals(
        List.of("user-0", "user-1", "user-2", "user-3", "user-4"),
        all.stream().map(ScoreUpdate::userId).toList());
    assertEquals(5, all.stream().map(ScoreUpdate::requestId).distinct().count());
    assertEquals(5, buffer.acknowledged());
    assertThrows(IllegalStateException.class, () -> buffer.add(update("late")));
  }

  /** What can't be taken now is sent again with its id; what is refused for good is told of. */
  @Test
  void refusalsAreToldAndTroubleIsRetried() throws InterruptedException {
    List<BatchOutcome> mixed =
        List.of(new BatchOutcome.Refused(AWAY), new BatchOutcome.Refused(TOO_MUCH), taken());
    ScoreBuffer buffer =
        buffer(List.of(CompletableFuture.completedFuture(mixed)), ScoreBufferOptions.builder());
    for (String user : List.of("ada", "bob", "eve")) {
      buffer.add(update(user));
    }
    buffer.flush();

    assertEquals(2, buffer.acknowledged());
    assertEquals(1, buffer.refused());
    assertEquals(List.of("bob: too much"), refused);
    assertEquals(List.of(sent.get(0).get(0)), sent.get(1));
    buffer.close();
  }

  /** A batch that fails as a whole is sent again until its updates are given up. */
  @Test
  void updatesAreGivenUp() throws InterruptedException {
    List<CompletableFuture<List<BatchOutcome>>> away = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      away.add(CompletableFuture.failedFuture(AWAY));
    }
    ScoreBuffer buffer =
        buffer(away, ScoreBufferOptions.builder().giveUpAfter(Duration.ofMillis(300)));
    buffer.add(update("ada"));
    buffer.close();

    assertEquals(List.of("ada: the store is away"), refused);
    assertEquals(true, sent.size() > 1);
  }

  /** One update that can't be sent does not take the others with it. */
  @Test
  void tooLargeBatchesAreHalved() throws InterruptedException {
    LeaderboardException large =
        error(
            Statuses.refusal(
                Status.Code.RESOURCE_EXHAUSTED,
                "too large",
                Statuses.info("ERROR_REASON_MESSAGE_TOO_LARGE", Map.of())));
    ScoreBuffer buffer =
        buffer(
            List.of(CompletableFuture.failedFuture(large), CompletableFuture.failedFuture(large)),
            ScoreBufferOptions.builder().batchSize(2).linger(Duration.ofSeconds(9)));
    buffer.add(update("ada"));
    buffer.add(update("bob"));
    buffer.close();

    assertEquals(List.of("ada: too large"), refused);
    assertEquals(1, buffer.acknowledged());
  }

  /** One more than may be pending waits until there is room. */
  @Test
  void addWaitsForRoom() throws InterruptedException {
    CompletableFuture<List<BatchOutcome>> held = new CompletableFuture<>();
    ScoreBuffer buffer =
        buffer(List.of(held), ScoreBufferOptions.builder().maxPending(1).linger(Duration.ZERO));
    buffer.add(update("ada"));
    BlockingQueue<String> added = new LinkedBlockingQueue<>();
    Thread adding =
        new Thread(
            () -> {
              try {
                buffer.add(update("bob"));
                added.add("bob");
              } catch (InterruptedException e) {
                added.add("interrupted");
              }
            });
    adding.start();

    assertEquals(null, added.poll(200, TimeUnit.MILLISECONDS));
    held.complete(List.of(taken()));
    assertEquals("bob", added.take());
    buffer.close();
    assertEquals(2, buffer.acknowledged());
  }

  private ScoreBuffer buffer(
      List<CompletableFuture<List<BatchOutcome>>> script, ScoreBufferOptions.Builder options) {
    BlockingQueue<CompletableFuture<List<BatchOutcome>>> outcomes =
        new LinkedBlockingQueue<>(script.isEmpty() ? List.of() : script);
    options.onError((update, error) -> refused.add(update.userId() + ": " + error.getMessage()));
    return new ScoreBuffer(
        updates -> {
          sent.add(updates);
          CompletableFuture<List<BatchOutcome>> scripted = outcomes.poll();
          return scripted == null
              ? CompletableFuture.completedFuture(updates.stream().map(any -> taken()).toList())
              : scripted;
        },
        options.build());
  }

  private static ScoreUpdate update(String userId) {
    return ScoreUpdate.of("chess", userId, 1);
  }

  private static BatchOutcome taken() {
    RankedUser user = new RankedUser("ada", 1, 1, "");
    return new BatchOutcome.Taken(
        new UpdateResult(user, 0, 0, true, false, new Position("e", 1)));
  }

  private static LeaderboardException error(StatusRuntimeException error) {
    return Refusals.ofCall(error.getStatus(), error.getTrailers());
  }
}
