package io.leaderboard.client;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** Sends the batches of a buffer to a script, records them, and accepts all after its end. */
final class ScriptedSender {
  final BlockingQueue<CompletableFuture<List<BatchResult>>> script = new LinkedBlockingQueue<>();
  final List<List<ScoreUpdate>> sent = new CopyOnWriteArrayList<>();
  final List<Duration> timeouts = new CopyOnWriteArrayList<>();
  final List<String> reported = new CopyOnWriteArrayList<>();
  final Set<ScoreBuffer> active = ConcurrentHashMap.newKeySet();

  /** Returns a buffer that records the updates reported to {@code onError}. */
  ScoreBuffer recordingBuffer(ScoreBufferOptions.Builder options) {
    return buffer(
        options.onError(
            (update, error) -> reported.add(update.userId() + ": " + error.getMessage())));
  }

  /** Returns a buffer that sends to the script. */
  ScoreBuffer buffer(ScoreBufferOptions.Builder options) {
    return new ScoreBuffer(this::send, options.build(), active);
  }

  private CompletableFuture<List<BatchResult>> send(List<ScoreUpdate> updates, Duration timeout) {
    sent.add(updates);
    timeouts.add(timeout);
    CompletableFuture<List<BatchResult>> scripted = script.poll();
    return scripted == null
        ? CompletableFuture.completedFuture(updates.stream().map(update -> success()).toList())
        : scripted;
  }

  static ScoreUpdate update(String userId) {
    return ScoreUpdate.of("chess", userId, 1);
  }

  static BatchResult success() {
    RankedUser user = new RankedUser("ada", 1, 1, "", 1, Map.of());
    return new BatchResult.Success(
        new UpdateResult(user, 0, 0, 0, true, false, new Position("e", 1)));
  }

  static CompletableFuture<List<BatchResult>> results(BatchResult... results) {
    return CompletableFuture.completedFuture(List.of(results));
  }

  static LeaderboardException error(StatusRuntimeException error) {
    return RpcStatus.ofCall(error.getStatus(), error.getTrailers()).toException();
  }
}
