package io.leaderboard.client;

import java.lang.System.Logger;
import java.util.stream.Collectors;

/** Logs the updates that a buffer could not write, where nobody else hears of them. */
final class ErrorReporter {
  private static final Logger LOG = System.getLogger(ScoreBuffer.class.getName());

  /** How much of a text is logged: more than any valid id, and no line of megabytes. */
  private static final int LONGEST = 200;

  private ErrorReporter() {}

  static void warn(ScoreUpdate update, LeaderboardException error) {
    LOG.log(
        Logger.Level.WARNING,
        () ->
            "%s: points for %s were refused (request %s): %s"
                .formatted(
                    printable(update.contestId()),
                    printable(update.userId()),
                    printable(update.requestId()),
                    printable(error.getMessage())));
  }

  /** Cuts a text, and escapes what would make it look like something else in a log. */
  static String printable(String text) {
    String cut =
        text.codePoints()
            .limit(LONGEST)
            .mapToObj(ErrorReporter::escaped)
            .collect(Collectors.joining());
    return text.codePointCount(0, text.length()) > LONGEST ? cut + "…" : cut;
  }

  private static String escaped(int point) {
    int type = Character.getType(point);
    boolean odd =
        type == Character.CONTROL
            || type == Character.FORMAT
            || type == Character.LINE_SEPARATOR
            || type == Character.PARAGRAPH_SEPARATOR
            || type == Character.SURROGATE;
    return odd ? "\\u{%x}".formatted(point) : Character.toString(point);
  }
}
