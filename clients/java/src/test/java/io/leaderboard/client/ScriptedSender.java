package io.leaderboard.client;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** Answers the batches of a buffer as a test scripts it, takes all others, and notes them. */
final class ScriptedSender {
  final BlockingQueue<CompletableFuture<List<BatchResult>>> script = new LinkedBlockingQueue<>();
  final List<List<ScoreUpdate>> sent = new CopyOnWriteArrayList<>();
  final List<Duration> times = new CopyOnWriteArrayList<>();
  final List<String> refused = new CopyOnWriteArrayList<>();
  final Set<ScoreBuffer> live = ConcurrentHashMap.newKeySet();

  /** Makes a buffer that notes what is refused. */
  ScoreBuffer noting(ScoreBufferOptions.Builder options) {
    return buffer(
        options.onError(
            (update, error) -> refused.add(update.userId() + ": " + error.getMessage())));
  }

  /** Makes a buffer. */
  ScoreBuffer buffer(ScoreBufferOptions.Builder options) {
    return new ScoreBuffer(this::send, options.build(), live);
  }

  private CompletableFuture<List<BatchResult>> send(List<ScoreUpdate> updates, Duration time) {
    sent.add(updates);
    times.add(time);
    CompletableFuture<List<BatchResult>> scripted = script.poll();
    return scripted == null
        ? CompletableFuture.completedFuture(updates.stream().map(any -> taken()).toList())
        : scripted;
  }

  static ScoreUpdate update(String userId) {
    return ScoreUpdate.of("chess", userId, 1);
  }

  static BatchResult taken() {
    RankedUser user = new RankedUser("ada", 1, 1, "");
    return new BatchResult.Success(
        new UpdateResult(user, 0, 0, true, false, new Position("e", 1)));
  }

  static CompletableFuture<List<BatchResult>> outcomes(BatchResult... outcomes) {
    return CompletableFuture.completedFuture(List.of(outcomes));
  }

  static LeaderboardException error(StatusRuntimeException error) {
    return StatusMapping.ofCall(error.getStatus(), error.getTrailers());
  }
}
