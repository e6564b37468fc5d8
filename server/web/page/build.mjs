// Builds the page into `leaderboard_web/static`: assets named by their content, compressed, and the
// HTML that names them. With `--modules FOLDER` it only translates the modules, for the tests.

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const ROOT = import.meta.dirname;
const STATIC = join(ROOT, "../leaderboard_web/static");
const CLIENT = join(ROOT, "../../../clients/typescript/src/browser/index.ts");
const TARGET = ["chrome100", "firefox100", "safari16"];

/** The most bytes, compressed, that a visit of a board or of the list loads. */
const LIMIT = 60_000;

/** The pages, and the entries whose script and styles each loads. */
const PAGES = { "board.html": "board", "list.html": "list" };

async function main() {
  const assets = new Map();
  for (const file of await bundle()) assets.set(...hashed(file.path, file.contents));
  const icon = await readFile(join(ROOT, "art/icon.svg"));
  assets.set(...hashed("icon.svg", icon));
  await write(assets, await renderPages(assets));
}

/** Returns the scripts and styles of the entries. */
async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.values(PAGES).map((name) => `src/${name}.ts`),
    outdir: "out",
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: TARGET,
    charset: "utf8",
    legalComments: "none",
    alias: { "@leaderboard/client/browser": CLIENT },
    // The client's own packages may not be installed.
    nodePaths: [join(ROOT, "node_modules")],
  });
  return outputFiles;
}

/** Returns a file's name in the HTML, and the asset with its name by content. */
function hashed(path, contents) {
  const name = basename(path);
  const extension = extname(name);
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 12);
  const asset = `${basename(name, extension)}-${hash}${extension}`;
  return [name, { asset, contents: Buffer.from(contents) }];
}

/** Returns the pages with the names of their assets, and checks their sizes. */
async function renderPages(assets) {
  const pages = new Map();
  for (const page of Object.keys(PAGES)) {
    const used = [];
    const template = await readFile(join(ROOT, "html", page), "utf8");
    const html = template.replaceAll(/\{\{(.+?)\}\}/g, (_, name) => {
      const { asset, contents } = assets.get(name);
      used.push([name, contents]);
      return `/assets/${asset}`;
    });
    const contents = Buffer.from(html.replaceAll(/^\s+/gm, ""));
    pages.set(page, contents);
    checkSize(page, [[page, contents], ...used]);
  }
  return pages;
}

/** Prints the compressed sizes of all that a page loads, and throws if they are too large. */
function checkSize(page, files) {
  const sizes = files.map(([name, contents]) => [name, compress(contents).length]);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  const parts = sizes.map(([name, size]) => `${name} ${size}`).join(" + ");
  console.log(`${page}: ${total} bytes compressed, at most ${LIMIT} (${parts})`);
  if (total > LIMIT) throw new Error(`${page} is ${total - LIMIT} bytes too large`);
}

/** Writes all files beside the folder of the build before, and takes its place at once. */
async function write(assets, pages) {
  const next = `${STATIC}.next`;
  await rm(next, { recursive: true, force: true });
  await mkdir(join(next, "assets"), { recursive: true });
  const files = new Map(pages);
  for (const { asset, contents } of assets.values()) files.set(`assets/${asset}`, contents);
  for (const [name, contents] of files) {
    await writeFile(join(next, name), contents);
    await writeFile(join(next, `${name}.gz`), compress(contents));
  }
  await rm(STATIC, { recursive: true, force: true });
  await rename(next, STATIC);
}

function compress(contents) {
  return gzipSync(contents, { level: 9 });
}

/** Translates each module by itself. */
async function translateModules(folder) {
  const names = (await readdir(join(ROOT, "src"))).filter((name) => name.endsWith(".ts"));
  await build({
    absWorkingDir: ROOT,
    entryPoints: names.map((name) => `src/${name}`),
    outdir: folder,
    format: "esm",
    target: TARGET,
  });
}

const [flag, folder] = process.argv.slice(2);
await (flag === "--modules" ? translateModules(folder) : main());
