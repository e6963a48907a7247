// Follows every link of the built pages: each has to lead to a file of the site, and to an anchor in it.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** The paths of all HTML files below a folder. */
export function htmlFilesOf(folder) {
  return filesOf(folder).filter((path) => path.endsWith(".html"));
}

function filesOf(folder) {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      posix.relative(slashed(folder), slashed(join(parentPath, name)))
    );
}

const slashed = (path) => path.replaceAll("\\", "/");
const decoded = (text) =>
  text.replaceAll("&#x2F;", "/").replaceAll("&amp;", "&").replaceAll("&#x27;", "'");

/** What is wrong with the links: the page, the target as it is written, and the fault. */
export function checkLinks(folder) {
  const files = new Set(filesOf(folder));
  const pages = new Map(htmlFilesOf(folder).map((path) => [path, readPage(folder, path)]));
  return [...pages].flatMap(([page, { targets }]) =>
    targets.flatMap((target) => {
      const fault = faultOf({ page, target, files, pages });
      return fault ? [{ page, target, fault }] : [];
    })
  );
}

function readPage(folder, path) {
  const html = readFileSync(join(folder, path), "utf8");
  const links = html.matchAll(/<[a-z]+ [^<>]*?\b(href|src)="([^"]*)"/g);
  const targets = new Set([...links].map(([tag, kind, value]) => {
    const isRequest = kind === "src" || tag.startsWith("<link");
    return isRequest && /^[a-z]+:/.test(value) ? `request of ${value}` : decoded(value);
  }));
  const ids = new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => decoded(id)));
  return { targets: [...targets], ids };
}

function faultOf({ page, target, files, pages }) {
  if (target.startsWith("request of ")) return "goes to another host";
  if (target === "" || /^[a-z]+:/.test(target)) return undefined;
  const [path, anchor] = target.split("#").map(decodeURIComponent);
  const joined = path === "" ? page : posix.join(posix.dirname(page), path);
  const file = joined.replace(/(^|\/)\.?\/?$/, "$1index.html"); // A folder is served as its index.
  if (!files.has(file)) return "leads to a file that does not exist";
  if (!anchor || !pages.has(file) || pages.get(file).ids.has(anchor)) return undefined;
  return "leads to an anchor that does not exist";
}
