package io.leaderboard.client;

/**
 * A field of a request that the service did not accept.
 *
 * @param field the path of the field, as the contract names it
 * @param description what is wrong with it
 */
public record FieldViolation(String field, String description) {}
