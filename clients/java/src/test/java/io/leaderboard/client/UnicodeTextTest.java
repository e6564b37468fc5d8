package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Texts that could not be sent unchanged are rejected. */
class UnicodeTextTest extends WithFakeService {
  private static final String UNPAIRED = "x\ud800y";

  /** An unpaired surrogate, which would be sent as a question mark, is rejected in each text. */
  @Test
  void unpairedSurrogateIsRejected() {
    List<Supplier<Object>> made =
        List.of(
            () -> ScoreUpdate.of(UNPAIRED, "ada", 1),
            () -> ScoreUpdate.of("chess", UNPAIRED, 1),
            () -> ScoreUpdate.builder("chess", "ada").requestId(UNPAIRED).build(),
            () -> ScoreUpdate.builder("chess", "ada").eventType(UNPAIRED).build(),
            () -> ScoreUpdate.builder("chess", "ada").displayName(UNPAIRED).build(),
            () -> ScoreUpdate.builder("chess", "ada").attributes(Map.of(UNPAIRED, "x")).build(),
            () -> ScoreUpdate.builder("chess", "ada").attributes(Map.of("x", UNPAIRED)).build(),
            () -> TopUsersQuery.builder(UNPAIRED).build(),
            () -> ScoreRankQuery.builder(UNPAIRED, 1).build(),
            () -> UserRankQuery.builder("chess", UNPAIRED).build(),
            () -> UserRanksQuery.of("chess", List.of("ada", UNPAIRED)),
            () -> WatchOptions.builder("chess").users(List.of(UNPAIRED)).build(),
            () -> ContestSettings.builder("chess").displayName(UNPAIRED).build(),
            () -> ContestsQuery.builder().idPrefix(UNPAIRED).build(),
            () -> HiddenUsersQuery.builder(UNPAIRED).build(),
            () -> client.getContest(UNPAIRED),
            () -> client.deleteContest("chess", UNPAIRED),
            () -> client.removeUsers("chess", List.of("ada", UNPAIRED)),
            () -> client.hideUsers(UNPAIRED, List.of("ada")),
            () -> client.unhideUsers("chess", List.of(UNPAIRED)),
            () -> client.eraseUser(UNPAIRED));

    for (Supplier<Object> each : made) {
      assertThrows(IllegalArgumentException.class, each::get);
    }
    assertEquals(
        "\ud83d\ude00",
        ScoreUpdate.builder("chess", "ada").displayName("\ud83d\ude00").build().displayName());
  }
}
