package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** An update says what its caller meant, or is refused. */
class ScoreUpdateTest {
  /** Half a surrogate pair, which would be sent as a question mark, is refused in each text. */
  @Test
  void halfPairsAreRefused() {
    String half = "x\ud800y";
    List<Supplier<ScoreUpdate>> updates =
        List.of(
            () -> ScoreUpdate.of(half, "ada", 1),
            () -> ScoreUpdate.of("chess", half, 1),
            () -> ScoreUpdate.builder("chess", "ada").requestId(half).build(),
            () -> ScoreUpdate.builder("chess", "ada").eventType(half).build(),
            () -> ScoreUpdate.builder("chess", "ada").displayName(half).build());

    for (Supplier<ScoreUpdate> update : updates) {
      assertThrows(IllegalArgumentException.class, update::get);
    }
    assertEquals(
        "\ud83d\ude00",
        ScoreUpdate.builder("chess", "ada").displayName("\ud83d\ude00").build().displayName());
  }
}
