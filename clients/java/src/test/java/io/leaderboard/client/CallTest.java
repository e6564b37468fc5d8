package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.rpc.RetryInfo;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls retry retryable errors within their timeout, and fail with the cause otherwise. */
@Timeout(30)
class CallTest extends WithFakeService {
  private static final ScoreUpdate UPDATE = ScoreUpdate.of("chess", "ada", 5);

  /** A write is retried with the same request id until the service accepts it. */
  @Test
  void retriesKeepTheRequestId() {
    fake.updates.add(observer -> observer.onError(Statuses.STORE_UNAVAILABLE));
    fake.updates.add(observer -> observer.onError(Status.INTERNAL.asRuntimeException()));
    fake.updates.add(observer -> observer.onError(Status.CANCELLED.asRuntimeException()));
    fake.updates.add(FakeService.score(5));

    UpdateResult result = client.updateScore(UPDATE).join();

    assertEquals(5, result.user().score());
    assertEquals(4, fake.updateRequests.size());
    assertEquals(32, fake.updateRequests.get(0).getRequestId().length());
    assertEquals(
        1, fake.updateRequests.stream().map(sent -> sent.getRequestId()).distinct().count());
  }

  /** The request id of the caller is sent unchanged. */
  @Test
  void callerRequestIdIsSent() {
    fake.updates.add(FakeService.score(5));

    client.updateScore(ScoreUpdate.builder("chess", "ada").requestId("game-1").build()).join();

    assertEquals("game-1", fake.updateRequests.get(0).getRequestId());
  }

  /** An error that is not retryable is not retried. */
  @Test
  void permanentErrorsAreNotRetried() {
    fake.updates.add(
        observer ->
            observer.onError(
                Statuses.error(
                    Status.Code.OUT_OF_RANGE,
                    "out of range",
                    Statuses.errorInfo("ERROR_REASON_SCORE_OUT_OF_RANGE", Map.of()))));

    LeaderboardException error = errorOf(client.updateScore(UPDATE));

    assertInstanceOf(OutOfRangeException.class, error);
    assertEquals(1, fake.updateRequests.size());
  }

  /** A call whose remaining time is shorter than the retry delay fails with the last error. */
  @Test
  void retryDelayMustFitIntoTheTimeout() {
    fake.updates.add(
        observer ->
            observer.onError(
                Statuses.error(
                    Status.Code.RESOURCE_EXHAUSTED,
                    "too many calls",
                    Statuses.errorInfo("ERROR_REASON_OVERLOADED", Map.of("limit", "calls")),
                    Statuses.retryInfo(3000))));

    LeaderboardException error = errorOf(client.updateScore(UPDATE, Duration.ofSeconds(2)));

    assertInstanceOf(OverloadedException.class, error);
    assertEquals("calls", error.metadata().get("limit"));
    assertEquals(1, fake.updateRequests.size());
  }

  /** A call without a response fails at its timeout, and names the error of the attempt before. */
  @Test
  void timeoutNamesThePreviousError() {
    fake.updates.add(observer -> observer.onError(Statuses.STORE_UNAVAILABLE));
    fake.updates.add(observer -> {});

    LeaderboardException error = errorOf(client.updateScore(UPDATE, Duration.ofMillis(900)));

    assertInstanceOf(DeadlineExceededException.class, error);
    assertTrue(error.getMessage().contains("the store is unavailable"), error.getMessage());
  }

  /** A DEADLINE_EXCEEDED that the service sent keeps its reason. */
  @Test
  void serviceDeadlineKeepsItsReason() {
    StatusRuntimeException timedOut =
        Statuses.error(
            Status.Code.DEADLINE_EXCEEDED,
            "the service timed out",
            Statuses.errorInfo("ERROR_REASON_LATE", Map.of()),
            Statuses.retryInfo(3000));
    fake.updates.add(observer -> observer.onError(timedOut));

    LeaderboardException error = errorOf(client.updateScore(UPDATE, Duration.ofSeconds(2)));

    assertInstanceOf(DeadlineExceededException.class, error);
    assertEquals("ERROR_REASON_LATE", error.reason());
    assertEquals("the service timed out", error.getMessage());
  }

  /** A call whose error has malformed details fails, and does not wait for ever. */
  @Test
  void malformedDetailsFailTheCall() {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER),
        new byte[] {-1, 1});
    fake.updates.add(
        observer -> observer.onError(Status.NOT_FOUND.asRuntimeException(trailers)));

    CompletableFuture<UpdateResult> call = client.updateScore(UPDATE);

    assertInstanceOf(NotFoundException.class, errorOf(call.orTimeout(10, TimeUnit.SECONDS)));
  }

  /** The longest duration is valid, as a timeout and as the delay that the service asks for. */
  @Test
  void longestDurationsAreValid() {
    RetryInfo longest =
        RetryInfo.newBuilder()
            .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(Long.MAX_VALUE))
            .build();
    fake.updates.add(FakeService.score(5));
    fake.updates.add(
        observer ->
            observer.onError(Statuses.error(Status.Code.RESOURCE_EXHAUSTED, "", longest)));

    Duration longestTimeout = Duration.ofSeconds(Long.MAX_VALUE);
    assertEquals(5, client.updateScore(UPDATE, longestTimeout).join().user().score());
    assertInstanceOf(
        OverloadedException.class, errorOf(client.updateScore(UPDATE, Duration.ofSeconds(1))));
  }

  /** Without a server a call fails with UNAVAILABLE. */
  @Test
  void missingServerIsUnavailable() {
    fake.close();

    LeaderboardException error = errorOf(client.updateScore(UPDATE, Duration.ofSeconds(1)));

    assertInstanceOf(UnavailableException.class, error);
    assertEquals("", error.reason());
  }

  /** Cancelling the future cancels the call at the server too, and it is not retried. */
  @Test
  void cancellationReachesTheServer() throws InterruptedException {
    CountDownLatch received = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    fake.updates.add(
        observer -> {
          Context.current().addListener(context -> ended.countDown(), Runnable::run);
          received.countDown();
        });
    CompletableFuture<UpdateResult> future = client.updateScore(UPDATE);
    assertTrue(received.await(10, TimeUnit.SECONDS));

    future.cancel(true);

    assertThrows(CancellationException.class, future::join);
    assertTrue(ended.await(10, TimeUnit.SECONDS));
    assertEquals(1, fake.updateRequests.size());
  }

  /** Closing the client cancels calls in flight and later calls. */
  @Test
  void closedClientCancelsCalls() {
    fake.updates.add(observer -> {});
    CompletableFuture<UpdateResult> future = client.updateScore(UPDATE);

    client.close();

    for (var call : List.of(future, client.updateScore(UPDATE))) {
      LeaderboardException error = errorOf(call);
      assertInstanceOf(CancelledException.class, error);
      assertEquals("the client was closed", error.getMessage());
    }
  }

  /** A connection without any response is replaced, though callers end their calls themselves. */
  @Test
  void deadConnectionOfCancelledCallsIsReplaced() throws Exception {
    while (fake.peers.size() < 2) {
      fake.updates.add(observer -> {});
      CompletableFuture<UpdateResult> future = client.updateScore(UPDATE);
      assertThrows(TimeoutException.class, () -> future.get(1, TimeUnit.SECONDS));
      future.cancel(true);
    }
  }

  /** An attempt without a response is retried on a new connection. */
  @Test
  void deadConnectionIsReplaced() {
    fake.updates.add(observer -> {});
    fake.updates.add(FakeService.score(5));

    UpdateResult result = client.updateScore(UPDATE).join();

    assertEquals(5, result.user().score());
    assertEquals(2, fake.peers.size());
  }
}
