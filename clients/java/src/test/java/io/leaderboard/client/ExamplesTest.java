package io.leaderboard.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples go with the client. */
class ExamplesTest {
  /** Each example compiles without a complaint. */
  @Test
  void examplesCompile(@TempDir Path classes) throws IOException {
    List<File> examples;
    try (Stream<Path> files = Files.list(Path.of("examples"))) {
      examples = files.map(Path::toFile).toList();
    }
    var compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter complaints = new StringWriter();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of("-d", classes.toString(), "-cp", System.getProperty("java.class.path"));
      var sources = files.getJavaFileObjectsFromFiles(examples);
      compiler.getTask(complaints, files, null, options, null, sources).call();
    }

    assertEquals("", complaints.toString());
    assertEquals(3, examples.size());
  }
}
