package io.leaderboard.client;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The address of a server, or of all servers that DNS has for a name.
 *
 * @param host a host name, an IPv4 address, or an IPv6 address without brackets
 * @param port from 1 to 65535
 * @param isName whether the servers are all those that DNS has for the host name
 */
record ServerAddress(String host, int port, boolean isName) {
  private static final String DNS_SCHEME = "dns:///";
  private static final Pattern WITH_UNDERSCORE = Pattern.compile("[\\w.-]*_[\\w.-]*:\\d+");

  /**
   * Parses HOST:PORT, a list of them separated by commas, or dns:///NAME:PORT. An IPv6 address is in
   * brackets. A server that is listed twice counts once, also if upper and lower case differ.
   *
   * @throws IllegalArgumentException if the text, or an item of the list, is malformed
   */
  static List<ServerAddress> parseAll(String text) {
    if (text.startsWith(DNS_SCHEME) && !text.contains(",")) {
      String malformed = "'" + text + "' is not dns:///NAME:PORT";
      ServerAddress name = parse(text.substring(DNS_SCHEME.length()), malformed);
      if (name.host.contains(":")) {
        throw new IllegalArgumentException(malformed);
      }
      return List.of(new ServerAddress(name.host, name.port, true));
    }
    Map<ServerAddress, ServerAddress> listed = new LinkedHashMap<>();
    for (String item : text.split(",", -1)) {
      ServerAddress server = parseItem(item);
      String key = server.host.toLowerCase(Locale.ROOT);
      listed.putIfAbsent(new ServerAddress(key, server.port, false), server);
    }
    return List.copyOf(listed.values());
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

  private static ServerAddress parseItem(String item) {
    if (item.startsWith(DNS_SCHEME)) {
      throw new IllegalArgumentException("'" + item + "' can't be in a list");
    }
    return parse(item, "'" + item + "' is not HOST:PORT");
  }

  private static ServerAddress parse(String text, String malformed) {
    if (WITH_UNDERSCORE.matcher(text).matches()) {
      String reason = "' has an underscore in its host name, which gRPC for Java refuses";
      throw new IllegalArgumentException("'" + text + reason);
    }
    try {
      URI uri = new URI(null, text, null, null, null).parseServerAuthority();
      boolean hasHostOnly = uri.getUserInfo() == null && uri.getHost() != null;
      if (hasHostOnly && uri.getPort() > 0 && uri.getPort() <= 65535) {
        return new ServerAddress(uri.getHost().replaceAll("[\\[\\]]", ""), uri.getPort(), false);
      }
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(malformed, e);
    }
    throw new IllegalArgumentException(malformed);
  }
}
