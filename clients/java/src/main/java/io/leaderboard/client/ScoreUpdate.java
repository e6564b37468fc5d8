package io.leaderboard.client;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * A change of one user's score. Made by {@link #of} or {@link #builder}.
 *
 * @param contestId the contest: {@code [A-Za-z0-9_][A-Za-z0-9._:-]{0,127}}; its first update
 *     creates it
 * @param userId the user: 1 to 128 printable ASCII characters, without space, quotation mark and
 *     backslash
 * @param points the points that the mode applies to the score, from -2^53 to 2^53
 * @param mode how the points are applied
 * @param requestId identifies this write within its contest, so that a repetition has no effect: 1
 *     to 64 printable ASCII characters; if empty, the client generates one for each call
 * @param eventType the type of the event, such as {@code goal}, sent to watchers; may be empty
 * @param eventTime the time of the event, sent to watchers; it has no influence on ranks
 * @param displayName the user's display name, at most 128 code points; empty keeps the current one
 * @param attributes data of the user, such as a country or a team: they are merged into those that
 *     the user has, and an empty value removes one. A user has at most 8, with keys that match
 *     {@code [a-z0-9_.-]{1,32}} and at most 256 bytes in all
 * @param clearDisplayName whether the display name is removed
 * @param season the season that the update is for, from 1: it fails if that is not the current one,
 *     so that a late update can't count in the next season; 0 for the current season
 */
public record ScoreUpdate(
    String contestId,
    String userId,
    long points,
    UpdateMode mode,
    String requestId,
    String eventType,
    Optional<Instant> eventTime,
    String displayName,
    Map<String, String> attributes,
    boolean clearDisplayName,
    int season) {

  /**
   * Copies the attributes. Rejects nulls with a {@link NullPointerException}, and unpaired
   * surrogates, which would be sent as question marks, with an {@link IllegalArgumentException};
   * the service validates the rest.
   */
  public ScoreUpdate {
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(eventTime, "eventTime");
    UnicodeText.check(contestId, "contestId");
    UnicodeText.check(userId, "userId");
    UnicodeText.check(requestId, "requestId");
    UnicodeText.check(eventType, "eventType");
    UnicodeText.check(displayName, "displayName");
    attributes = Map.copyOf(attributes);
    attributes.forEach(
        (key, value) -> {
          UnicodeText.check(key, "attributes");
          UnicodeText.check(value, "attributes");
        });
  }

  /**
   * Returns an update that applies points to a score as the rules of the contest say, which add
   * them unless they were changed.
   *
   * @param contestId the contest
   * @param userId the user
   * @param points the points, from -2^53 to 2^53
   * @return the update
   */
  public static ScoreUpdate of(String contestId, String userId, long points) {
    return builder(contestId, userId).points(points).build();
  }

  /**
   * Returns a builder of an update with 0 points and no other fields.
   *
   * @param contestId the contest
   * @param userId the user
   * @return the builder
   */
  public static Builder builder(String contestId, String userId) {
    return new Builder(contestId, userId);
  }

  /** Returns this update if it has a request id, else a copy with a random one. */
  ScoreUpdate withRequestId() {
    if (!requestId.isEmpty()) {
      return this;
    }
    String id = UUID.randomUUID().toString().replace("-", "");
    return new ScoreUpdate(
        contestId,
        userId,
        points,
        mode,
        id,
        eventType,
        eventTime,
        displayName,
        attributes,
        clearDisplayName,
        season);
  }

  /** A builder of {@link ScoreUpdate}. */
  public static final class Builder {
    private final String contestId;
    private final String userId;
    private long points;
    private UpdateMode mode = UpdateMode.UNSPECIFIED;
    private String requestId = "";
    private String eventType = "";
    private Optional<Instant> eventTime = Optional.empty();
    private String displayName = "";
    private Map<String, String> attributes = Map.of();
    private boolean clearDisplayName;
    private int season;

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
     * @param mode the mode; by default that of the rules of the contest
     * @return this
     */
    public Builder mode(UpdateMode mode) {
      this.mode = mode;
      return this;
    }

    /**
     * Sets the request id.
     *
     * @param requestId 1 to 64 printable ASCII characters; random by default
     * @return this
     */
    public Builder requestId(String requestId) {
      this.requestId = requestId;
      return this;
    }

    /**
     * Sets the type of the event.
     *
     * @param eventType {@code [A-Za-z0-9][A-Za-z0-9._:-]{0,63}}
     * @return this
     */
    public Builder eventType(String eventType) {
      this.eventType = eventType;
      return this;
    }

    /**
     * Sets the time of the event.
     *
     * @param eventTime from the year 1 to 9999
     * @return this
     */
    public Builder eventTime(Instant eventTime) {
      this.eventTime = Optional.of(eventTime);
      return this;
    }

    /**
     * Sets the user's display name.
     *
     * @param displayName at most 128 code points, none of them a control character
     * @return this
     */
    public Builder displayName(String displayName) {
      this.displayName = displayName;
      return this;
    }

    /**
     * Removes the user's display name.
     *
     * @return this
     */
    public Builder clearDisplayName() {
      this.clearDisplayName = true;
      return this;
    }

    /**
     * Sets attributes of the user; the others stay.
     *
     * @param attributes the values by key; an empty value removes the attribute
     * @return this
     */
    public Builder attributes(Map<String, String> attributes) {
      this.attributes = attributes;
      return this;
    }

    /**
     * Sets the season that the update is for; it fails with a {@link FailedPreconditionException} if
     * that is not the current one.
     *
     * @param season from 1; the current season by default
     * @return this
     */
    public Builder season(int season) {
      this.season = season;
      return this;
    }

    /**
     * Returns the update.
     *
     * @return the update
     */
    public ScoreUpdate build() {
      return new ScoreUpdate(
          contestId,
          userId,
          points,
          mode,
          requestId,
          eventType,
          eventTime,
          displayName,
          attributes,
          clearDisplayName,
          season);
    }
  }
}
