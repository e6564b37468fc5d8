package io.leaderboard.client;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;

/**
 * The address of a server.
 *
 * @param host a host name, an IPv4 address, or an IPv6 address without brackets
 * @param port from 1 to 65535
 */
record ServerAddress(String host, int port) {
  /**
   * Parses HOST:PORT, with an IPv6 address in brackets.
   *
   * @throws IllegalArgumentException if the text is malformed
   */
  static ServerAddress parse(String text) {
    try {
      URI uri = new URI(null, text, null, null, null).parseServerAuthority();
      boolean hasHostOnly = uri.getUserInfo() == null && uri.getHost() != null;
      if (hasHostOnly && uri.getPort() > 0 && uri.getPort() <= 65535) {
        return new ServerAddress(uri.getHost().replaceAll("[\\[\\]]", ""), uri.getPort());
      }
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(malformed(text), e);
    }
    throw new IllegalArgumentException(malformed(text));
  }

  /** Returns whether the text names the loopback interface; no name is looked up. */
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

  private static String malformed(String text) {
    return "the address of a server must be HOST:PORT, not \"" + text + "\"";
  }
}
