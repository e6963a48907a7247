// What the package gives, read from the `exports` of package.json, which is the one list of it.
import { readFileSync } from "node:fs";

const { name, exports } = JSON.parse(readFileSync("package.json", "utf8"));

/** Each entry: its subpath, what users import, the source, and the file that is built of it. */
export const entries = Object.entries(exports)
  .filter(([subpath]) => !subpath.endsWith(".json"))
  .map(([subpath, { default: built }]) => ({
    subpath,
    specifier: name + subpath.slice(1),
    source: built.replace("./dist/", "./src/").replace(/\.js$/, ".ts"),
    built,
  }));
