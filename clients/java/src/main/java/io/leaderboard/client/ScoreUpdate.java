package io.leaderboard.client;

import com.google.common.base.Utf8;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * A change of one user's score. Made by {@link #of} or {@link #builder}.
 *
 * @param contestId the contest: {@code [A-Za-z0-9][A-Za-z0-9._-]{0,63}}; its first update creates
 *     it
 * @param userId the user: {@code [A-Za-z0-9][A-Za-z0-9._:@-]{0,127}}
 * @param points what the mode does with the score, from -2^53 to 2^53
 * @param mode how the points are applied
 * @param requestId names this write within its contest, so that sending it again has no further
 *     effect: 1 to 64 printable ASCII characters; if empty, the client makes one for each call
 * @param eventType what happened, such as {@code goal}, told to watchers; may be empty
 * @param eventTime when it happened, told to watchers; it has no influence on ranks
 * @param displayName the user's name for people, at most 128 code points; if empty, the present one
 *     stays
 */
public record ScoreUpdate(
    String contestId,
    String userId,
    long points,
    UpdateMode mode,
    String requestId,
    String eventType,
    Optional<Instant> eventTime,
    String displayName) {

  /**
   * Refuses nulls with a {@link NullPointerException}, and half surrogate pairs, which would be
   * sent as question marks, with an {@link IllegalArgumentException}; the service checks everything
   * else.
   */
  public ScoreUpdate {
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(eventTime, "eventTime");
    check(contestId, "contestId");
    check(userId, "userId");
    check(requestId, "requestId");
    check(eventType, "eventType");
    check(displayName, "displayName");
  }

  /**
   * Returns an update that adds points to a score.
   *
   * @param contestId the contest
   * @param userId the user
   * @param points the points to add, from -2^53 to 2^53
   * @return the update
   */
  public static ScoreUpdate of(String contestId, String userId, long points) {
    return builder(contestId, userId).points(points).build();
  }

  /**
   * Begins an update that adds 0 points and says nothing else.
   *
   * @param contestId the contest
   * @param userId the user
   * @return what takes the rest
   */
  public static Builder builder(String contestId, String userId) {
    return new Builder(contestId, userId);
  }

  private static void check(String text, String name) {
    Objects.requireNonNull(text, name);
    try {
      Utf8.encodedLength(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " is no text: " + e.getMessage(), e);
    }
  }

  /** Returns this update if it has a request id, or else one with a random id. */
  ScoreUpdate named() {
    if (!requestId.isEmpty()) {
      return this;
    }
    String id = UUID.randomUUID().toString().replace("-", "");
    return new ScoreUpdate(
        contestId, userId, points, mode, id, eventType, eventTime, displayName);
  }

  /** Takes what an update says, part by part; each is described at {@link ScoreUpdate}. */
  public static final class Builder {
    private final String contestId;
    private final String userId;
    private long points;
    private UpdateMode mode = UpdateMode.INCREMENT;
    private String requestId = "";
    private String eventType = "";
    private Optional<Instant> eventTime = Optional.empty();
    private String displayName = "";

    private Builder(String contestId, String userId) {
      this.contestId = contestId;
      this.userId = userId;
    }

    /**
     * Sets the points.
     *
     * @param points from -2^53 to 2^53; 0 by default
     * @return this
     */
    public Builder points(long points) {
      this.points = points;
      return this;
    }

    /**
     * Sets how the points are applied.
     *
     * @param mode the mode; {@link UpdateMode#INCREMENT} by default
     * @return this
     */
    public Builder mode(UpdateMode mode) {
      this.mode = mode;
      return this;
    }

    /**
     * Names this write.
     *
     * @param requestId 1 to 64 printable ASCII characters; made by the client by default
     * @return this
     */
    public Builder requestId(String requestId) {
      this.requestId = requestId;
      return this;
    }

    /**
     * Says what happened.
     *
     * @param eventType {@code [A-Za-z0-9][A-Za-z0-9._:-]{0,63}}
     * @return this
     */
    public Builder eventType(String eventType) {
      this.eventType = eventType;
      return this;
    }

    /**
     * Says when it happened.
     *
     * @param eventTime from year 1 to 9999
     * @return this
     */
    public Builder eventTime(Instant eventTime) {
      this.eventTime = Optional.of(eventTime);
      return this;
    }

    /**
     * Names the user for people.
     *
     * @param displayName at most 128 code points, none of them a control character
     * @return this
     */
    public Builder displayName(String displayName) {
      this.displayName = displayName;
      return this;
    }

    /**
     * Returns the update.
     *
     * @return the update
     */
    public ScoreUpdate build() {
      return new ScoreUpdate(
          contestId, userId, points, mode, requestId, eventType, eventTime, displayName);
    }
  }
}
