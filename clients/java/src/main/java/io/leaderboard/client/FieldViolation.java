package io.leaderboard.client;

/**
 * A malformed field of a request.
 *
 * @param field the path of the field in the request message
 * @param description the error
 */
public record FieldViolation(String field, String description) {}
