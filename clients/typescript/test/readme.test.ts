// Tests of the TypeScript in the README, which runs in browsers.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

test("the examples for browsers are valid TypeScript, without Node's types", () => {
  const readme = readFileSync(`${PACKAGE}/README.md`, "utf8");
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code as string);
  assert.equal(examples.length, 2);

  for (const [index, code] of examples.entries()) {
    assert.deepEqual(problemsOf(`${PACKAGE}/example-${index}.ts`, `${code}\nexport {};\n`), []);
  }
});

function problemsOf(path: string, code: string): string[] {
  const { config } = ts.readConfigFile(`${PACKAGE}/tsconfig.browser.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, PACKAGE, {
    noEmit: true,
    paths: { "@leaderboard/client/browser": [`${PACKAGE}/src/browser/index.ts`] },
    rootDir: PACKAGE,
  });
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, languageVersion, ...others) =>
    name === path
      ? ts.createSourceFile(name, code, languageVersion)
      : getSourceFile(name, languageVersion, ...others);
  const program = ts.createProgram([path], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
