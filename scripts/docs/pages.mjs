// Which files become pages, and under which address.
import { existsSync, readdirSync, statSync } from "node:fs";
import { posix } from "node:path";

const inDocs = readdirSync("docs", { recursive: true, encoding: "utf8" })
  .map((path) => `docs/${path.replaceAll("\\", "/")}`).filter((path) => path.endsWith(".md"));

/** The pages that are always built; files that these link to follow. */
export const pages = [
  ...["README.md", ...inDocs.sort(), "CHANGELOG.md", "bench/README.md"],
  ...["CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"],
];

const codeEndings = [".ts", ".js", ".mjs", ".rs", ".yaml", ".yml", ".jsonc", ".toml", ".sql"];

/** Whether a file is shown as code in a page of its own. */
export function isCode(file) {
  return file === "LICENSE" || codeEndings.includes(posix.extname(file));
}

/** Whether a file becomes a page; others are copied as they are. */
export function isPage(file) {
  return file.endsWith(".md") || isCode(file);
}

/** The path in the site of a file of the repository. */
export function addressOf(file) {
  if (isCode(file)) return `${file}.html`;
  if (!file.endsWith(".md")) return file;
  return file.replace(/(^|\/)README\.md$/, "$1index.md").replace(/\.md$/, ".html");
}

/** The file of the repository that a link of a page leads to, or nothing if it leaves it. */
export function fileOf(page, href) {
  if (/^[a-z]+:/.test(href)) return undefined;
  const [path = ""] = href.split("#");
  if (path === "") return page;
  const file = posix.join(posix.dirname(page), path).replace(/\/$/, "");
  if (file.startsWith("..") || !existsSync(file)) return undefined;
  if (!statSync(file).isDirectory()) return file;
  return existsSync(`${file}/README.md`) ? `${file}/README.md` : undefined;
}

/** What a page has to write to reach another address of the site. */
export function relativeTo(address, other) {
  return posix.relative(posix.dirname(address), other) || posix.basename(other);
}
