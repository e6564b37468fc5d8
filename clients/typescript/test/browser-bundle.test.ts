// Tests of the browser entry as a bundler sees it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** What a page may have to load for it, compressed. It is 34 kB; 20 of them are protobuf's. */
const MAX_BYTES = 36_000;

test("the browser entry has nothing of Node or gRPC in its imports, and is small", async () => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: PACKAGE,
    entryPoints: ["src/browser/index.ts"],
    bundle: true,
    format: "esm",
    minify: true,
    platform: "browser",
    metafile: true,
    write: false,
  });

  const files = Object.keys(metafile.inputs);
  const own = /^src\/(?!node\/|index\.ts)/;
  const others = files.filter((file) => !own.test(file));
  assert.ok(files.includes("src/watch-session.ts") && files.includes("src/live-board.ts"));
  assert.deepEqual(
    others.filter((file) => !file.startsWith("node_modules/@bufbuild/protobuf/")),
    [],
  );
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  assert.ok(!imports.some(({ external }) => external));
  const size = gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
  assert.ok(size > 0 && size < MAX_BYTES, `${size} bytes`);
});
