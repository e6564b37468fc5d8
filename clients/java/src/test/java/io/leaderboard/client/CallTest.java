package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.rpc.RetryInfo;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A call tries again where that may help, and says why it failed where it does not. */
@Timeout(30)
class CallTest {
  private static final ScoreUpdate UPDATE = ScoreUpdate.of("chess", "ada", 5);

  private FakeService fake;
  private LeaderboardClient client;

  @BeforeEach
  void open() throws IOException {
    fake = new FakeService();
    client = LeaderboardClient.of(fake.address());
  }

  @AfterEach
  void close() {
    client.close();
    fake.close();
  }

  /** A write is sent again with the same request id until the service takes it. */
  @Test
  void writesKeepTheirRequestId() {
    fake.updates.add(observer -> observer.onError(Statuses.STORE_AWAY));
    fake.updates.add(observer -> observer.onError(Status.INTERNAL.asRuntimeException()));
    fake.updates.add(observer -> observer.onError(Status.CANCELLED.asRuntimeException()));
    fake.updates.add(FakeService.score(5));

    UpdateResult result = client.updateScore(UPDATE).join();

    assertEquals(5, result.user().score());
    assertEquals(4, fake.askedUpdates.size());
    assertEquals(32, fake.askedUpdates.get(0).getRequestId().length());
    assertEquals(
        1, fake.askedUpdates.stream().map(asked -> asked.getRequestId()).distinct().count());
  }

  /** A caller's own request id is sent as it is. */
  @Test
  void givenRequestIdIsKept() {
    fake.updates.add(FakeService.score(5));

    client.updateScore(ScoreUpdate.builder("chess", "ada").requestId("game-1").build()).join();

    assertEquals("game-1", fake.askedUpdates.get(0).getRequestId());
  }

  /** What the service refuses for good is not sent again. */
  @Test
  void refusalsAreNotRetried() {
    fake.updates.add(
        observer ->
            observer.onError(
                Statuses.refusal(
                    Status.Code.OUT_OF_RANGE,
                    "too much",
                    Statuses.info("ERROR_REASON_SCORE_OUT_OF_RANGE", Map.of()))));

    LeaderboardException error = failure(client.updateScore(UPDATE));

    assertInstanceOf(OutOfRangeException.class, error);
    assertEquals(1, fake.askedUpdates.size());
  }

  /** A call that no delay fits into any more fails with what it met last. */
  @Test
  void timeIsNotOverdrawn() {
    fake.updates.add(
        observer ->
            observer.onError(
                Statuses.refusal(
                    Status.Code.RESOURCE_EXHAUSTED,
                    "too many calls",
                    Statuses.info("ERROR_REASON_OVERLOADED", Map.of("limit", "calls")),
                    Statuses.retry(3000))));

    LeaderboardException error = failure(client.updateScore(UPDATE, Duration.ofSeconds(2)));

    assertInstanceOf(OverloadedException.class, error);
    assertEquals("calls", error.metadata().get("limit"));
    assertEquals(1, fake.askedUpdates.size());
  }

  /** A call without an answer fails when its time is over, and keeps what it met before. */
  @Test
  void unansweredCallsEnd() {
    fake.updates.add(observer -> observer.onError(Statuses.STORE_AWAY));
    fake.updates.add(observer -> {});

    LeaderboardException error = failure(client.updateScore(UPDATE, Duration.ofMillis(900)));

    assertInstanceOf(DeadlineExceededException.class, error);
    assertTrue(error.getMessage().contains("the store is away"), error.getMessage());
  }

  /** A deadline that passed at the service keeps the service's own reason. */
  @Test
  void deadlinesOfTheServiceKeepTheirReason() {
    StatusRuntimeException late =
        Statuses.refusal(
            Status.Code.DEADLINE_EXCEEDED,
            "the service was late",
            Statuses.info("ERROR_REASON_LATE", Map.of()),
            Statuses.retry(3000));
    fake.updates.add(observer -> observer.onError(late));

    LeaderboardException error = failure(client.updateScore(UPDATE, Duration.ofSeconds(2)));

    assertInstanceOf(DeadlineExceededException.class, error);
    assertEquals("ERROR_REASON_LATE", error.reason());
    assertEquals("the service was late", error.getMessage());
  }

  /** The longest time there is is no error, neither of a call nor of what the service asks. */
  @Test
  void timesMayBeEndless() {
    RetryInfo never =
        RetryInfo.newBuilder()
            .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(Long.MAX_VALUE))
            .build();
    fake.updates.add(FakeService.score(5));
    fake.updates.add(
        observer ->
            observer.onError(Statuses.refusal(Status.Code.RESOURCE_EXHAUSTED, "", never)));

    Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
    assertEquals(5, client.updateScore(UPDATE, forever).join().user().score());
    assertInstanceOf(
        OverloadedException.class, failure(client.updateScore(UPDATE, Duration.ofSeconds(1))));
  }

  /** Where no server is, the call fails as unavailable. */
  @Test
  void absentServerIsUnavailable() {
    fake.close();

    LeaderboardException error = failure(client.updateScore(UPDATE, Duration.ofSeconds(1)));

    assertInstanceOf(UnavailableException.class, error);
    assertEquals("", error.reason());
  }

  /** Cancelling the future ends the call at the server too, and it is not sent again. */
  @Test
  void cancellationIsPassedOn() throws InterruptedException {
    CountDownLatch came = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    fake.updates.add(
        observer -> {
          Context.current().addListener(context -> ended.countDown(), Runnable::run);
          came.countDown();
        });
    CompletableFuture<UpdateResult> future = client.updateScore(UPDATE);
    assertTrue(came.await(10, TimeUnit.SECONDS));

    future.cancel(true);

    assertThrows(CancellationException.class, future::join);
    assertTrue(ended.await(10, TimeUnit.SECONDS));
    assertEquals(1, fake.askedUpdates.size());
  }

  /** Closing the client cancels what is under way, and what is called later, and says so. */
  @Test
  void closedClientCallsNothing() {
    fake.updates.add(observer -> {});
    CompletableFuture<UpdateResult> future = client.updateScore(UPDATE);

    client.close();

    for (var call : List.of(future, client.updateScore(UPDATE))) {
      CancellationException error = assertThrows(CancellationException.class, call::join);
      assertEquals("the client was closed", error.getMessage());
    }
  }

  /** An attempt that gets no answer is made again, over another connection. */
  @Test
  void deadConnectionsAreReplaced() {
    fake.updates.add(observer -> {});
    fake.updates.add(FakeService.score(5));

    UpdateResult result = client.updateScore(UPDATE).join();

    assertEquals(5, result.user().score());
    assertEquals(2, fake.callers.size());
  }

  /** Each call has the token of the moment; without one it fails, and nothing is sent. */
  @Test
  void tokensAreSent() {
    fake.updates.add(FakeService.score(5));
    Queue<String> tokens = new ConcurrentLinkedQueue<>(List.of("secret"));
    ClientOptions options = ClientOptions.builder().token(tokens::remove).build();
    try (LeaderboardClient bearer = LeaderboardClient.of(fake.address(), options)) {
      bearer.updateScore(UPDATE).join();

      LeaderboardException error = failure(bearer.updateScore(UPDATE));
      assertEquals(Status.Code.UNAUTHENTICATED, error.code());
    }
    var key = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    assertEquals(List.of("Bearer secret"), fake.headers.stream().map(h -> h.get(key)).toList());
  }

  /** A call whose token fails, even with an Error, or is no token, fails; nothing is sent. */
  @Test
  void failingTokensFailTheCall() {
    Supplier<String> broken =
        () -> {
          throw new AssertionError("no token today");
        };
    for (Supplier<String> token : List.<Supplier<String>>of(broken, () -> null, () -> "a\n")) {
      ClientOptions options = ClientOptions.builder().token(token).build();
      try (LeaderboardClient bearer = LeaderboardClient.of(fake.address(), options)) {
        LeaderboardException error = failure(bearer.updateScore(UPDATE));
        assertEquals(Status.Code.UNAUTHENTICATED, error.code());
        assertTrue(error.getMessage().startsWith("there is no token"), error.getMessage());
      }
    }
    assertEquals(List.of(), fake.askedUpdates);
  }

  /** A token is refused where it would be sent readable over a network, and only there. */
  @Test
  void tokensNeedTls() {
    ClientOptions token = ClientOptions.builder().token("secret").build();

    assertThrows(
        IllegalArgumentException.class, () -> LeaderboardClient.of("scores.example:50051", token));
    LeaderboardClient.of("localhost:50051", token).close();
    LeaderboardClient.of("[::1]:50051", token).close();
  }

  /** An address without a port, or with more than that, is refused. */
  @Test
  void addressesAreChecked() {
    for (String address : new String[] {"", "host", "host:", "host:0", "host:70000", "a@b:1"}) {
      assertThrows(
          IllegalArgumentException.class, () -> LeaderboardClient.of(address), address);
    }
    assertFalse(ServerAddress.parse("127.0.0.1.example:1").isLoopback());
    assertTrue(ServerAddress.parse("127.9.9.9:1").isLoopback());
  }

  private static LeaderboardException failure(CompletableFuture<?> future) {
    CompletionException error = assertThrows(CompletionException.class, future::join);
    return assertInstanceOf(LeaderboardException.class, error.getCause());
  }
}
