// Writes a version into every file that names it, and dates the section of CHANGELOG.md that is above:
//   npm run release -- 0.3.0
// It changes files only. CONTRIBUTING.md says what comes before and after.
import { readFileSync, writeFileSync } from "node:fs";
import process, { argv } from "node:process";
import { pathToFileURL } from "node:url";

/** Each file with what replaces its text: the version where it stands, the date in the CHANGELOG. */
const edits = {
  "package.json": (text, { version }) => replaceVersion(text, version, 1),
  "package-lock.json": (text, { version }) => replaceVersion(text, version, 2),
  "deno.json": (text, { version }) => replaceVersion(text, version, 1),
  "src/cli/version.ts": (text, { version }) => text.replace(/(version = ")[^"]+/, `$1${version}`),
  "CHANGELOG.md": (text, { version, date }) =>
    text.replace("## Unreleased", `## ${version} (${date})`),
  "SECURITY.md": (text, { version }) =>
    text.replace(/^\| \d+\.\d+ +\|/m, `| ${version.replace(/\.\d+$/, "").padEnd(7)} |`),
};

/** The texts of all files as the release has them; the same texts again where nothing is to do. */
export function release(texts, version, date) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`"${version}" is not a version such as 0.3.0`);
  }
  return Object.fromEntries(
    Object.entries(edits).map(([path, edit]) => [path, edit(texts[path], { version, date })]),
  );
}

export const paths = Object.keys(edits);

/** The first fields `version` are those of the package itself; others are those of its packages. */
function replaceVersion(text, version, count) {
  let left = count;
  return text.replaceAll(
    /("version": ")[^"]+/g,
    (all, before) => left-- > 0 ? before + version : all,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const texts = Object.fromEntries(paths.map((path) => [path, readFileSync(path, "utf8")]));
  const [, , version = ""] = argv;
  const released = release(texts, version, new Date().toISOString().slice(0, 10));
  for (const [path, text] of Object.entries(released)) writeFileSync(path, text);
  const changed = paths.filter((path) => released[path] !== texts[path]);
  console.log(`Changed: ${changed.join(", ") || "nothing"}`);
}
