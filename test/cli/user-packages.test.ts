import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { userPackage } from "../../src/cli/user-packages.ts";
import { ConfigurationError } from "../../src/errors.ts";

describe("userPackage()", () => {
  let folder = "";
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-packages-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function install(name: string, manifest: object, file: string): void {
    const root = join(folder, "node_modules", name);
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module", ...manifest }));
    writeFileSync(join(root, file), `export const name = ${JSON.stringify(`${name}/${file}`)};\n`);
  }

  it.each([
    ["one-main", { main: "./main.js" }, "main.js"],
    ["one-index", {}, "index.js"],
    ["one-exports", { exports: "./main.js", main: "./no.js" }, "main.js"],
    ["one-dot", { exports: { ".": { require: "./no.cjs", import: "./main.js" } } }, "main.js"],
    [
      "one-deep",
      {
        exports: {
          ".": { browser: "./no.js", default: { types: "./no.d.ts", import: "./own.js" } },
        },
      },
      "own.js",
    ],
    [
      "one-conditions",
      { exports: { node: { default: "./node.js" }, default: "./no.js" } },
      "node.js",
    ],
  ])("imports %s from a folder above", async (name, manifest, file) => {
    install(name, manifest, file);
    const below = join(folder, "a", "b");
    mkdirSync(below, { recursive: true });
    expect(await userPackage(name, "This", below)).toMatchObject({ name: `${name}/${file}` });
  });

  it("says what to install", async () => {
    const missing = userPackage("no-such-package-here", "Parquet", folder);
    await expect(missing).rejects.toThrow(ConfigurationError);
    await expect(missing).rejects.toThrow(
      "Cannot copy as Parquet needs the package 'no-such-package-here': install it with " +
        "'npm install no-such-package-here'",
    );
  });
});
