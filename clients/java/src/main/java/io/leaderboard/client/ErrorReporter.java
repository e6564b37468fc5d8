package io.leaderboard.client;

import java.lang.System.Logger;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** Reports the updates that a buffer could not write to its {@code onError} callback. */
final class ErrorReporter {
  private static final Logger LOG = System.getLogger(ScoreBuffer.class.getName());

  /** The code points of a text that are logged: longer than any valid id, and still one line. */
  private static final int MAX_LOGGED = 200;

  private final BiConsumer<ScoreUpdate, LeaderboardException> onError;
  private final AtomicLong reported = new AtomicLong();

  ErrorReporter(BiConsumer<ScoreUpdate, LeaderboardException> onError) {
    this.onError = onError;
  }

  /** Returns how many updates were reported. */
  long reported() {
    return reported.get();
  }

  /**
   * Reports each update with its last error. An exception that the callback throws goes to the
   * handler of uncaught exceptions.
   *
   * @return the first {@link Error} that the callback threw; null if there was none
   */
  Error report(List<PendingQueue.Entry> entries) {
    Error first = null;
    for (PendingQueue.Entry entry : entries) {
      reported.incrementAndGet();
      try {
        onError.accept(entry.update(), entry.error());
      } catch (Exception e) {
        ClientThreads.reportUncaught(e);
      } catch (Error e) {
        first = first == null ? e : first;
      }
    }
    return first;
  }

  /** Logs an update and its error as a warning: the default callback. */
  static void log(ScoreUpdate update, LeaderboardException error) {
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

  /** Truncates a text, and escapes characters that could forge or hide a part of a log line. */
  static String printable(String text) {
    String cut =
        text.codePoints()
            .limit(MAX_LOGGED)
            .mapToObj(ErrorReporter::escaped)
            .collect(Collectors.joining());
    return text.codePointCount(0, text.length()) > MAX_LOGGED ? cut + "…" : cut;
  }

  private static String escaped(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          "\\u{%x}".formatted(point);
      default -> Character.toString(point);
    };
  }
}
