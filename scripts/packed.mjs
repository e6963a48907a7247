// The package as a registry gives it: what is measured and tried out is what users get.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { env, execPath } from "node:process";

const { name, files } = JSON.parse(readFileSync("package.json", "utf8"));
const settings = ["package.json", "tsconfig.json", "tsconfig.build.json", "tsup.config.ts"];
const always = ["README.md", "LICENSE"]; // What npm packs without being told.

/**
 * Packs the package and installs it into a new folder, which it gives. `npm pack` builds a copy, as
 * tests that run side by side must not clear one `dist` for each other.
 */
export function installPacked() {
  const folder = mkdtempSync(join(tmpdir(), "packed-"));
  const copy = join(folder, "copy");
  const shipped = files.filter((path) => path !== "dist");
  for (const path of [...settings, ...always, ...shipped]) {
    cpSync(path, join(copy, path), { recursive: true });
  }
  symlinkSync(resolve("node_modules"), join(copy, "node_modules"), "dir");
  execFileSync("npm", ["pack", "--pack-destination", folder], {
    cwd: copy,
    env: { ...env, PATH: `${dirname(execPath)}:${env.PATH}` },
    stdio: "pipe",
  });
  const tarball = readdirSync(folder).find((file) => file.endsWith(".tgz"));
  const installed = join(folder, "node_modules", name);
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["xzf", join(folder, tarball), "--strip-components=1", "-C", installed]);
  return folder;
}
