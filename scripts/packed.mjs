// The package as a registry gives it: what is measured and tried out is what users get.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process, { env, execPath } from "node:process";

const { name, files } = JSON.parse(readFileSync("package.json", "utf8"));
const settings = ["package.json", "tsconfig.json", "tsconfig.build.json", "tsup.config.ts"];
const always = ["README.md", "LICENSE"]; // What npm packs without being told.
const copied = [...settings, ...always, ...files.filter((path) => path !== "dist")];
const kept = "node_modules/.packed";

/**
 * The path of a tarball of the package, packed once for each state of its files: a build takes ten
 * times as long as all else that is done with it.
 */
export function packed() {
  const tarball = join(kept, `${digest()}.tgz`);
  if (existsSync(tarball)) return tarball;
  const folder = mkdtempSync(join(tmpdir(), "pack-"));
  const own = `${tarball}.${process.pid}`; // Tests that run side by side may both pack.
  mkdirSync(kept, { recursive: true });
  cpSync(pack(folder), own);
  rmSync(folder, { recursive: true });
  renameSync(own, tarball); // Another one may have put the same there meanwhile.
  const outdated = readdirSync(kept)
    .filter((file) => file.endsWith(".tgz") && join(kept, file) !== tarball);
  for (const file of outdated) rmSync(join(kept, file), { force: true });
  return tarball;
}

/** Installs the package into a new folder, which it gives. */
export function installPacked() {
  const folder = mkdtempSync(join(tmpdir(), "packed-"));
  const installed = join(folder, "node_modules", name);
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["xzf", resolve(packed()), "--strip-components=1", "-C", installed]);
  return folder;
}

/** Stands for the files that are packed, and for what builds them. */
function digest() {
  const hash = createHash("sha256");
  for (const path of [...copied, "package-lock.json", "scripts/packed.mjs"].flatMap(filesIn)) {
    hash.update(`${path}\0`).update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

function filesIn(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().flatMap((child) => filesIn(join(path, child)));
}

/** `npm pack` builds a copy, as tests that run side by side must not clear one `dist`. */
function pack(folder) {
  const copy = join(folder, "copy");
  for (const path of copied) cpSync(path, join(copy, path), { recursive: true });
  symlinkSync(resolve("node_modules"), join(copy, "node_modules"), "dir");
  execFileSync("npm", ["pack", "--pack-destination", folder], {
    cwd: copy,
    env: { ...env, PATH: `${dirname(execPath)}:${env.PATH}` },
    stdio: "pipe",
  });
  return join(folder, readdirSync(folder).find((file) => file.endsWith(".tgz")));
}
