package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.leaderboard.v1.EndReason;
import io.leaderboard.v1.UpdateScoreResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls and watches are spread over several servers, and go to the others while one is down. */
@Timeout(30)
class SeveralServersTest {
  private static final ScoreUpdate UPDATE = ScoreUpdate.of("chess", "ada", 5);
  private static final StatusRuntimeException DRAINING =
      Statuses.error(
          Status.Code.UNAVAILABLE,
          "the server drains",
          Statuses.errorInfo("ERROR_REASON_SERVER_DRAINING", Map.of()),
          Statuses.retryInfo(60_000));

  private FakeService one;
  private FakeService other;
  private final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    one = new FakeService();
    other = new FakeService();
    for (FakeService service : List.of(one, other)) {
      opened.add(service);
      script(service, FakeService.score(5));
    }
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
  }

  /** Calls are spread evenly over all servers that are connected. */
  @Test
  void callsAreSpread() {
    LeaderboardClient client = client(one.address(), other.address());
    callUntil(client, () -> Math.min(calls(one), calls(other)) > 0);
    int before = calls(one) - calls(other);

    for (int call = 0; call < 10; call++) {
      client.updateScore(UPDATE).join();
    }

    assertEquals(before, calls(one) - calls(other));
  }

  /** A call gets from a server that is down to another one. */
  @Test
  void serverIsDown() {
    String down = other.address();
    other.close();
    for (int run = 0; run < 4; run++) {
      client(one.address(), down).updateScore(UPDATE).join();
    }

    assertEquals(4, calls(one));
  }

  /** A server that accepts connections but never answers holds no call up for a whole attempt. */
  @Test
  void serverNeverAnswers() throws IOException {
    ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    opened.add(silent);
    for (int run = 0; run < 2; run++) {
      client("127.0.0.1:" + silent.getLocalPort(), one.address())
          .updateScore(UPDATE, Duration.ofSeconds(4))
          .join();
    }

    assertEquals(2, calls(one));
  }

  /** A server that drains is asked once while another one is connected. */
  @Test
  void serverDrains() {
    script(one, observer -> observer.onError(DRAINING));
    LeaderboardClient client = client(one.address(), other.address());

    callUntil(client, () -> calls(one) > 0 && calls(other) >= 10);

    assertEquals(1, calls(one));
  }

  /** The delay that a draining server asks for is not waited for, also if it is the only one. */
  @Test
  void onlyServerDrains() {
    one.updates.clear();
    one.updates.add(observer -> observer.onError(DRAINING));
    one.updates.add(FakeService.score(5));

    client(one.address()).updateScore(UPDATE, Duration.ofSeconds(4)).join();

    assertEquals(2, calls(one));
  }

  /** The servers of a name in DNS are found. */
  @Test
  void nameInDns() {
    String port = one.address().split(":")[1];

    client("dns:///localhost:" + port).updateScore(UPDATE).join();

    assertEquals(1, calls(one));
  }

  /** Calls are spread over all addresses of a name, and go on with those that are left. */
  @Test
  void nameWithSeveralAddresses() throws IOException {
    FakeService second = new FakeService("127.0.0.2", one.port());
    opened.add(second);
    script(second, FakeService.score(5));
    // In the file of hosts that the build gives to tests.
    LeaderboardClient client = client("dns:///two.example:" + one.port());
    callUntil(client, () -> Math.min(calls(one), calls(second)) > 0);
    int before = calls(one) - calls(second);

    for (int call = 0; call < 10; call++) {
      client.updateScore(UPDATE).join();
    }
    assertEquals(before, calls(one) - calls(second));

    second.close();
    int left = calls(one) + 20;
    callUntil(client, () -> calls(one) >= left);
  }

  /** A watch whose server drains goes on with the next server. */
  @Test
  void watchGoesToTheNextServer() {
    for (FakeService service : List.of(one, other)) {
      service.watches.add(
          observer -> {
            observer.onNext(WatchMessages.snapshot(7, 1, WatchMessages.user("ada", 5, 1)));
            observer.onNext(WatchMessages.end(7, EndReason.END_REASON_DRAINING));
          });
    }
    CompletableFuture<Void> second = new CompletableFuture<>();
    List<WatchState> states = new ArrayList<>();
    client(one.address(), other.address())
        .watchContest("chess")
        .consume(
            update -> {
              states.add(update.state());
              if (states.stream().filter(WatchState.LIVE::equals).count() == 2) {
                second.complete(null);
              }
            });

    second.join();

    assertEquals(1, one.watchRequests.size());
    assertEquals(1, other.watchRequests.size());
  }

  private LeaderboardClient client(String... addresses) {
    LeaderboardClient client = LeaderboardClient.of(String.join(",", addresses));
    opened.add(client);
    return client;
  }

  private static void script(
      FakeService service, Consumer<StreamObserver<UpdateScoreResponse>> answer) {
    service.updates.clear();
    for (int call = 0; call < 100_000; call++) {
      service.updates.add(answer);
    }
  }

  private static int calls(FakeService service) {
    return service.updateRequests.size();
  }

  private static void callUntil(LeaderboardClient client, BooleanSupplier done) {
    while (!done.getAsBoolean()) {
      client.updateScore(UPDATE).join();
    }
  }
}
