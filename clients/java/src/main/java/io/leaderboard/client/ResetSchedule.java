package io.leaderboard.client;

/**
 * The times at which the seasons of a contest end. Made by {@link #of(String, String)}.
 *
 * @param cron a cron expression of five fields: minute, hour, day of the month, month and day of
 *     the week. {@code 0 0 * * MON} is each Monday at midnight, {@code 0 0 1 * *} the first of each
 *     month, {@code 0 0 L * *} the last
 * @param timeZone the time zone of these times, by its name in the IANA database, such as {@code
 *     Europe/Berlin}; if empty, it is UTC
 */
public record ResetSchedule(String cron, String timeZone) {

  /**
   * Rejects nulls with a {@link NullPointerException}, and unpaired surrogates with an {@link
   * IllegalArgumentException}; the service validates the rest.
   */
  public ResetSchedule {
    UnicodeText.check(cron, "cron");
    UnicodeText.check(timeZone, "timeZone");
  }

  /**
   * Returns a schedule in UTC.
   *
   * @param cron the cron expression
   * @return the schedule
   */
  public static ResetSchedule of(String cron) {
    return of(cron, "UTC");
  }

  /**
   * Returns a schedule in a time zone.
   *
   * @param cron the cron expression
   * @param timeZone the name of the time zone in the IANA database
   * @return the schedule
   */
  public static ResetSchedule of(String cron, String timeZone) {
    return new ResetSchedule(cron, timeZone);
  }
}
