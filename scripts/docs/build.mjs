// All pages of the site: Markdown, the files that it links to, the API reference, and the search.
import { execFile } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { deno } from "../runtimes.mjs";
import { apiPage, mendPage, mobileStyle, readApiNames } from "./api.mjs";
import { codePage, renderPage } from "./markdown.mjs";
import { layout } from "./layout.mjs";
import { checkLinks, htmlFilesOf } from "./links.mjs";
import { navigation } from "./navigation.mjs";
import { addressOf, isCode, isPage, pages } from "./pages.mjs";
import { entries } from "../entries.mjs";

const assets = fileURLToPath(new URL("assets", import.meta.url));
const minisearch = new URL("index.js", import.meta.resolve("minisearch"));

/** Builds into the folder: how many pages there are, and what is wrong with their links. */
export async function buildSite(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const reference = writeApi(join(folder, "api"));
  const groups = navigation();
  const sections = writePages(folder, groups);
  cpSync(assets, join(folder, "assets"), { recursive: true });
  cpSync(fileURLToPath(minisearch), join(folder, "assets/minisearch.js"));
  const names = await reference;
  write(folder, "reference.html", layout({ file: "reference", groups, ...apiPage(names) }));
  write(folder, "assets/sections.json", JSON.stringify([...sections, ...names]));
  return { pages: htmlFilesOf(folder).length, faults: checkLinks(folder) };
}

/** Writes every page and every file that one of them links to; yields the sections to search. */
function writePages(folder, groups) {
  const waiting = [...pages];
  const seen = new Set(waiting);
  const sections = [];
  while (waiting.length > 0) {
    const file = waiting.shift();
    if (!isPage(file)) {
      cpSync(file, join(mkdirOf(folder, addressOf(file)), posix.basename(addressOf(file))));
      continue;
    }
    const page = isCode(file) ? codePage(file) : renderPage(file);
    write(folder, addressOf(file), layout({ file, groups, ...page }));
    if (!isCode(file)) sections.push(...page.sections);
    for (const linked of page.linked.filter((linked) => !seen.has(linked))) {
      seen.add(linked);
      waiting.push(linked);
    }
  }
  return sections;
}

async function writeApi(folder) {
  const sources = entries.map(({ source }) => source);
  const args = ["doc", "--html", "--quiet", "--name=millrace", `--output=${folder}`, ...sources];
  await promisify(execFile)(deno, args);
  for (const file of htmlFilesOf(folder)) {
    const path = join(folder, file);
    writeFileSync(path, mendPage(readFileSync(path, "utf8"), file));
    if (file.includes("%3A")) renameSync(path, path.replaceAll("%3A", "_"));
  }
  appendFileSync(join(folder, "page.css"), mobileStyle);
  return readApiNames(folder);
}

function mkdirOf(folder, path) {
  const directory = join(folder, dirname(path));
  mkdirSync(directory, { recursive: true });
  return directory;
}

function write(folder, path, text) {
  writeFileSync(join(mkdirOf(folder, path), posix.basename(path)), text);
}
