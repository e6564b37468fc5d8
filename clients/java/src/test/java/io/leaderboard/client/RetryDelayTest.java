package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Delays grow, are bounded, and hear the server. */
class RetryDelayTest {
  /** Without luck the delay is half of what doubles from 0.2 s up to 5 s. */
  @Test
  void delaysDoubleUpToFiveSeconds() {
    assertEquals(100, least(0, Optional.empty()));
    assertEquals(200, least(1, Optional.empty()));
    assertEquals(1600, least(4, Optional.empty()));
    assertEquals(2500, least(5, Optional.empty()));
    assertEquals(2500, least(1_000_000, Optional.empty()));
  }

  /** The server is heard, also when it asks for more than the delay, up to 5 s. */
  @Test
  void serverIsHeard() {
    assertEquals(700, least(0, Optional.of(Duration.ofMillis(700))));
    assertEquals(5000, least(0, Optional.of(Duration.ofHours(1))));
    assertEquals(2500, least(9, Optional.of(Duration.ofMillis(1))));
  }

  /** The spread reaches twice the least delay. */
  @Test
  void delaysAreSpread() {
    assertEquals(
        Duration.ofMillis(1400),
        RetryDelay.after(0, Optional.of(Duration.ofMillis(700)), () -> 1.0));
  }

  private static long least(int failures, Optional<Duration> asked) {
    return RetryDelay.after(failures, asked, () -> 0.0).toMillis();
  }
}
