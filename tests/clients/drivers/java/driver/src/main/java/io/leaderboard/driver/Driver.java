package io.leaderboard.driver;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.leaderboard.client.LeaderboardClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Runs the operations of a scenario on the client; requests and replies are JSON lines. */
public final class Driver {
  private Driver() {}

  /**
   * Serves requests from standard input until it ends or a request closes the client.
   *
   * @param args the address of the server
   * @throws IOException if standard input can't be read
   */
  public static void main(String[] args) throws IOException {
    Replies replies = new Replies(System.out);
    try (LeaderboardClient client = LeaderboardClient.of(args[0])) {
      Operations operations = new Operations(client, replies);
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonObject request = JsonParser.parseString(line).getAsJsonObject();
        if (request.get("op").getAsString().equals("close")) {
          client.close();
          operations.awaitEnd();
          replies.ok(request.get("id"), new JsonObject());
          break;
        }
        operations.run(request);
      }
    }
    System.exit(0);
  }
}
