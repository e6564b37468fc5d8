package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples compile and report errors in one line. */
@Timeout(120)
class ExamplesTest {
  @TempDir static Path classes;

  /** Each example compiles without a warning. */
  @BeforeAll
  static void examplesCompile() throws IOException {
    List<File> examples;
    try (Stream<Path> files = Files.list(Path.of("examples"))) {
      examples = files.map(Path::toFile).toList();
    }
    var compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options = List.of("-d", classes.toString(), "-cp", classPath());
      var sources = files.getJavaFileObjectsFromFiles(examples);
      compiler.getTask(messages, files, null, options, null, sources).call();
    }

    assertEquals("", messages.toString());
    assertEquals(3, examples.size());
  }

  /** Without arguments an example prints its usage. */
  @ParameterizedTest
  @CsvSource({
    "Top, usage: Top HOST:PORT CONTEST",
    "Update, usage: Update HOST:PORT CONTEST USER POINTS",
    "Watch, usage: Watch HOST:PORT CONTEST"
  })
  void usageIsPrinted(String example, String usage) throws Exception {
    assertEquals(List.of(usage), run(2, example));
  }

  /** Wrong arguments and a missing server are reported in one line. */
  @Test
  void errorsArePrinted() throws Exception {
    assertEquals(
        List.of("usage: Update HOST:PORT CONTEST USER POINTS"),
        run(2, "Update", "127.0.0.1:1", "chess", "ada", "many"));
    List<String> malformed = run(2, "Top", "nowhere", "chess");
    assertEquals(List.of("'nowhere' is not HOST:PORT"), malformed);
    List<String> output = run(1, "Top", "127.0.0.1:1", "chess");
    assertEquals(1, output.size(), output.toString());
    assertTrue(output.get(0).contains("Connection refused"), output.get(0));
  }

  private static List<String> run(int code, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", classes + File.pathSeparator + classPath()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(code, process.waitFor(), output);
    return output.lines().toList();
  }

  private static String classPath() {
    return System.getProperty("java.class.path");
  }
}
