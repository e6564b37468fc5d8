package io.leaderboard.client;

import com.google.common.base.Utf8;
import java.util.Objects;

/** Checks texts before they are sent: unpaired surrogates would be sent as question marks. */
final class UnicodeText {
  private UnicodeText() {}

  /**
   * Rejects null with a {@link NullPointerException}, and unpaired surrogates with an {@link
   * IllegalArgumentException}.
   *
   * @param text the text
   * @param name the name of the parameter, for the message
   * @return the text
   */
  static String check(String text, String name) {
    Objects.requireNonNull(text, name);
    try {
      Utf8.encodedLength(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " is not valid Unicode: " + e.getMessage(), e);
    }
    return text;
  }
}
