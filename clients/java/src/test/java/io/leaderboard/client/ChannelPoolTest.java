package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Channels reject malformed addresses, and send a token only where it stays secret. */
@Timeout(30)
class ChannelPoolTest extends WithFakeService {
  private static final ScoreUpdate UPDATE = ScoreUpdate.of("chess", "ada", 5);

  /** Each call sends the current token; without one it fails, and nothing is sent. */
  @Test
  void currentTokenIsSent() {
    fake.updates.add(FakeService.score(5));
    Queue<String> tokens = new ConcurrentLinkedQueue<>(List.of("secret"));
    ClientOptions options = ClientOptions.builder().token(tokens::remove).build();
    try (LeaderboardClient bearer = LeaderboardClient.of(fake.address(), options)) {
      bearer.updateScore(UPDATE).join();

      LeaderboardException error = errorOf(bearer.updateScore(UPDATE));
      assertInstanceOf(NoTokenException.class, error);
      assertEquals(Status.Code.UNAUTHENTICATED, error.code());
    }
    var key = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    assertEquals(List.of("Bearer secret"), fake.headers.stream().map(h -> h.get(key)).toList());
  }

  /** A token supplier that throws, even an Error, or returns no valid token fails the call. */
  @Test
  void invalidTokenFailsTheCall() {
    Supplier<String> broken =
        () -> {
          throw new AssertionError("the token supplier failed");
        };
    for (Supplier<String> token : List.<Supplier<String>>of(broken, () -> null, () -> "a\n")) {
      ClientOptions options = ClientOptions.builder().token(token).build();
      try (LeaderboardClient bearer = LeaderboardClient.of(fake.address(), options)) {
        LeaderboardException error = errorOf(bearer.updateScore(UPDATE));
        assertEquals(Status.Code.UNAUTHENTICATED, error.code());
        assertTrue(error.getMessage().startsWith("no token"), error.getMessage());
      }
    }
    assertEquals(List.of(), fake.updateRequests);
  }

  /** A token without TLS is rejected unless the address is loopback. */
  @Test
  void tokenNeedsTls() {
    ClientOptions token = ClientOptions.builder().token("secret").build();

    assertThrows(
        IllegalArgumentException.class, () -> LeaderboardClient.of("scores.example:50051", token));
    LeaderboardClient.of("localhost:50051", token).close();
    LeaderboardClient.of("[::1]:50051", token).close();
    LeaderboardClient.of("127.0.0.1:1,LocalHost:2", token).close();
    LeaderboardClient.of("dns:///localhost:1", token).close();
    for (String address : List.of("127.0.0.1:1,scores.example:2", "dns:///scores.example:1")) {
      assertThrows(
          IllegalArgumentException.class, () -> LeaderboardClient.of(address, token), address);
    }
  }

  /** Addresses are HOST:PORT, a list of these, or a name in DNS. */
  @Test
  void addressesAreParsed() {
    assertEquals(
        List.of(new ServerAddress("::1", 50051, false), new ServerAddress("b", 65535, false)),
        ServerAddress.parseAll("[::1]:50051,b:65535"));
    assertEquals(
        List.of(new ServerAddress("a", 1, false), new ServerAddress("b", 2, false)),
        ServerAddress.parseAll("a:1,b:2,A:1,a:1"));
    assertEquals(
        List.of(new ServerAddress("scores.example", 1, true)),
        ServerAddress.parseAll("dns:///scores.example:1"));
    assertFalse(ServerAddress.parseAll("127.0.0.1.example:1").get(0).isLoopback());
    assertTrue(ServerAddress.parseAll("127.9.9.9:1").get(0).isLoopback());
  }

  /** Any other address is rejected, and named. */
  @Test
  void malformedAddressIsRejected() {
    for (String item : new String[] {"", "host", "host:", "host:0", "host:70000", "a@b:1"}) {
      assertRejected("a:1," + item, "'" + item + "' is not HOST:PORT");
      assertRejected(item, "'" + item + "' is not HOST:PORT");
    }
    String underscore = "' has an underscore in its host name, which gRPC for Java refuses";
    assertRejected("a:1,my_host:2", "'my_host:2" + underscore);
    assertRejected("dns:///my_host:2", "'my_host:2" + underscore);
    assertRejected("a:1, b:2", "' b:2' is not HOST:PORT");
    assertRejected("dns:///a", "'dns:///a' is not dns:///NAME:PORT");
    assertRejected("dns://8.8.8.8/a:1", "'dns://8.8.8.8/a:1' is not HOST:PORT");
    assertRejected("a:1,dns:///b:2", "'dns:///b:2' can't be in a list");
  }

  private static void assertRejected(String address, String message) {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> LeaderboardClient.of(address), address);
    assertEquals(message, error.getMessage());
  }
}
