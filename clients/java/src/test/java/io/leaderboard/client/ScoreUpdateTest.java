package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** An update rejects texts that could not be sent unchanged. */
class ScoreUpdateTest {
  /** An unpaired surrogate, which would be sent as a question mark, is rejected in each text. */
  @Test
  void unpairedSurrogateIsRejected() {
    String unpaired = "x\ud800y";
    List<Supplier<ScoreUpdate>> updates =
        List.of(
            () -> ScoreUpdate.of(unpaired, "ada", 1),
            () -> ScoreUpdate.of("chess", unpaired, 1),
            () -> ScoreUpdate.builder("chess", "ada").requestId(unpaired).build(),
            () -> ScoreUpdate.builder("chess", "ada").eventType(unpaired).build(),
            () -> ScoreUpdate.builder("chess", "ada").displayName(unpaired).build());

    for (Supplier<ScoreUpdate> update : updates) {
      assertThrows(IllegalArgumentException.class, update::get);
    }
    assertEquals(
        "\ud83d\ude00",
        ScoreUpdate.builder("chess", "ada").displayName("\ud83d\ude00").build().displayName());
  }
}
