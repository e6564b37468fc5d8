package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Delays grow up to a limit, and are at least what the server asks for. */
class RetryDelayTest {
  /** Without jitter the delay is half of a back-off that doubles from 0.2 s up to 5 s. */
  @Test
  void delaysDoubleUpToFiveSeconds() {
    assertEquals(100, least(0, Optional.empty()));
    assertEquals(200, least(1, Optional.empty()));
    assertEquals(1600, least(4, Optional.empty()));
    assertEquals(2500, least(5, Optional.empty()));
    assertEquals(2500, least(1_000_000, Optional.empty()));
  }

  /** The delay that the server asks for is the minimum, up to 5 s. */
  @Test
  void serverDelayIsTheMinimum() {
    assertEquals(700, least(0, Optional.of(Duration.ofMillis(700))));
    assertEquals(5000, least(0, Optional.of(Duration.ofHours(1))));
    assertEquals(2500, least(9, Optional.of(Duration.ofMillis(1))));
  }

  /** While there is no server the delay stops growing, as the server may be back at any moment. */
  @Test
  void serverThatIsAwayIsSoonTriedAgain() {
    LeaderboardException away = of(Status.UNAVAILABLE.asRuntimeException());
    LeaderboardException storeAway = of(Statuses.STORE_UNAVAILABLE);

    assertEquals(1, away.countedFailures(1));
    assertEquals(2, away.countedFailures(9));
    assertEquals(9, storeAway.countedFailures(9));
  }

  /** The jitter is up to a factor of two. */
  @Test
  void delaysHaveJitter() {
    assertEquals(
        Duration.ofMillis(1400),
        RetryDelay.after(0, Optional.of(Duration.ofMillis(700)), () -> 1.0));
  }

  private static LeaderboardException of(StatusRuntimeException error) {
    return RpcStatus.ofCall(error.getStatus(), error.getTrailers()).toException();
  }

  private static long least(int failures, Optional<Duration> retryAfter) {
    return RetryDelay.after(failures, retryAfter, () -> 0.0).toMillis();
  }
}
