package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leaderboard.v1.BatchUpdateResult;
import io.leaderboard.v1.BatchUpdateScoresResponse;
import io.leaderboard.v1.UpdateScoreRequest;
import io.leaderboard.v1.UpdateScoreResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Updates send all their fields, alone, in batches and through a buffer. */
@Timeout(30)
class UpdateFieldsTest extends WithFakeService {
  private static final ScoreUpdate UPDATE =
      ScoreUpdate.builder("chess", "ada")
          .requestId("game-1")
          .attributes(Map.of("team", "red", "country", ""))
          .clearDisplayName()
          .build();
  private static final UpdateScoreRequest SENT =
      UpdateScoreRequest.newBuilder()
          .setContestId("chess")
          .setUserId("ada")
          .setRequestId("game-1")
          .putAttributes("team", "red")
          .putAttributes("country", "")
          .setClearDisplayName(true)
          .build();

  /** An update sends attributes and the removal of the name; its mode is that of the rules. */
  @Test
  void updateSendsAttributes() {
    fake.updates.add(FakeService.score(5));

    client.updateScore(UPDATE).join();

    assertEquals(SENT, fake.updateRequests.get(0));
  }

  /** Each mode is sent as the mode of the same name. */
  @ParameterizedTest
  @EnumSource(UpdateMode.class)
  void modesAreSent(UpdateMode mode) {
    fake.updates.add(FakeService.score(5));

    client.updateScore(ScoreUpdate.builder("chess", "ada").mode(mode).build()).join();

    assertEquals("UPDATE_MODE_" + mode, fake.updateRequests.get(0).getMode().name());
  }

  /** The fields are not sent unless they are set. */
  @Test
  void defaultsAreNotSent() {
    fake.updates.add(FakeService.score(5));

    client.updateScore(ScoreUpdate.of("chess", "ada", 1)).join();

    assertTrue(fake.updateRequests.get(0).getAttributesMap().isEmpty());
    assertFalse(fake.updateRequests.get(0).getClearDisplayName());
  }

  /** A batch and a buffer send the same fields. */
  @Test
  void batchesSendAttributes() throws InterruptedException {
    for (int i = 0; i < 2; i++) {
      fake.batches.add(
          request ->
              BatchUpdateScoresResponse.newBuilder()
                  .addResults(
                      BatchUpdateResult.newBuilder()
                          .setResponse(UpdateScoreResponse.getDefaultInstance()))
                  .build());
    }

    client.batchUpdateScores(List.of(UPDATE)).join();
    try (ScoreBuffer buffer = client.scoreBuffer()) {
      buffer.add(UPDATE);
    }

    assertEquals(2, fake.batchRequests.size());
    fake.batchRequests.forEach(request -> assertEquals(SENT, request.getUpdates(0)));
  }

  /** A result has place, attributes and the place before. */
  @Test
  void resultHasPlaces() {
    fake.updates.add(
        observer -> {
          observer.onNext(
              UpdateScoreResponse.newBuilder()
                  .setUser(
                      WatchMessages.user("ada", 5, 1, 2).toBuilder().putAttributes("team", "red"))
                  .setPreviousRank(3)
                  .setPreviousPlace(4)
                  .build());
          observer.onCompleted();
        });

    UpdateResult result = client.updateScore(UPDATE).join();

    assertEquals(new RankedUser("ada", 5, 1, "", 2, Map.of("team", "red")), result.user());
    assertEquals(3, result.previousRank());
    assertEquals(4, result.previousPlace());
  }
}
