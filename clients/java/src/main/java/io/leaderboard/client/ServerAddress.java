package io.leaderboard.client;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;

/**
 * Where a server is.
 *
 * @param host a name, an IPv4 address, or an IPv6 address without brackets
 * @param port from 1 to 65535
 */
record ServerAddress(String host, int port) {
  /**
   * Reads HOST:PORT, an IPv6 address in brackets.
   *
   * @throws IllegalArgumentException if the text is something else
   */
  static ServerAddress parse(String text) {
    try {
      URI uri = new URI(null, text, null, null, null).parseServerAuthority();
      boolean plain = uri.getUserInfo() == null && uri.getHost() != null;
      if (plain && uri.getPort() > 0 && uri.getPort() <= 65535) {
        return new ServerAddress(uri.getHost().replaceAll("[\\[\\]]", ""), uri.getPort());
      }
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(refusal(text), e);
    }
    throw new IllegalArgumentException(refusal(text));
  }

  /** Tells whether what is sent there stays on this machine, as far as the text alone tells. */
  boolean isLoopback() {
    if (host.equalsIgnoreCase("localhost")) {
      return true;
    }
    boolean literal = host.contains(":") || host.matches("[0-9.]+");
    try {
      return literal && InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static String refusal(String text) {
    return "the address of a server is HOST:PORT, not \"" + text + "\"";
  }
}
