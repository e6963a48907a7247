import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { entries } from "../../scripts/entries.mjs";

interface PackageJson extends Record<string, unknown> {
  name: string;
  version: string;
  license: string;
  files: string[];
  exports: Record<string, string | Record<string, string>>;
}

interface DenoJson {
  name: string;
  version: string;
  license: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
  publish: { include: string[] };
}

const pkg: PackageJson = JSON.parse(readFileSync("package.json", "utf8"));
const deno: DenoJson = JSON.parse(readFileSync("deno.json", "utf8"));
const pages = readdirSync("docs", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md")).map((path) => `docs/${path}`);
const docs = ["README.md", ...pages].map((path) => readFileSync(path, "utf8"));

describe("package.json", () => {
  it("agrees with deno.json", () => {
    expect(deno.name.split("/").at(-1)).toBe(pkg.name); // The other registry may want a scope.
    expect(deno.version).toBe(pkg.version);
    expect(deno.license).toBe(pkg.license);
  });

  it("exports itself, as tools look for it", () => {
    expect(pkg.exports["./package.json"]).toBe("./package.json");
  });

  it("has no runtime dependency and no peer", () => {
    for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
      expect(pkg[kind] ?? {}, kind).toEqual({});
    }
  });

  it("is an ES module without side effects, with a licence and engines", () => {
    expect(pkg).toMatchObject({
      type: "module",
      sideEffects: false,
      license: "MIT",
      author: expect.stringMatching(/\w/),
      description: expect.stringMatching(/^.{50,250}$/),
      keywords: expect.arrayContaining(["etl", "streams", "typescript"]),
      engines: { node: ">=22.13" },
    });
    expect(pkg.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("runs no install script", () => {
    const scripts = Object.keys(pkg["scripts"] as object);
    for (const name of ["preinstall", "install", "postinstall", "prepare"]) {
      expect(scripts).not.toContain(name);
    }
  });

  it.each(["dist", "src", "CHANGELOG.md"])("ships %s", (file) => {
    expect(pkg.files).toContain(file);
  });
});

describe("an entry of package.json", () => {
  it.each(entries)("$subpath has its types first, of the one source", (entry) => {
    const { subpath, source, built } = entry;
    const types = built.replace(/\.js$/, ".d.ts");
    expect(Object.entries(pkg.exports[subpath]!), `"${subpath}" in exports of package.json`)
      .toEqual([["types", types], ["default", built]]);
    expect(existsSync(source), `${source}, which "${subpath}" in package.json is built of`)
      .toBe(true);
    // These are the folders whose docs `check:deno` looks at, and in which tsconfig.test.json looks.
    expect(source, `the source of "${subpath}"`).toMatch(/^\.\/src\/(?:adapters\/)?[a-z-]+\.ts$/);
  });

  it("stands in the exports of deno.json", () => {
    const exports = entries.map(({ subpath, source }) => [subpath, source]);
    expect(deno.exports, "exports of deno.json").toEqual(Object.fromEntries(exports));
  });

  it("stands in the imports of deno.json, for the examples", () => {
    const imports = entries.map(({ specifier, source }) => [specifier, source]);
    expect(deno.imports, "imports of deno.json").toEqual(Object.fromEntries(imports));
  });

  it.each(entries)("$subpath has an example in the docs", ({ specifier }) => {
    const hasExample = docs.some((page) => page.includes(`from "${specifier}";`));
    expect(hasExample, `an example in docs/ that imports from "${specifier}"`).toBe(true);
  });

  it.each(entries.slice(1))("$subpath stands in a table of the docs", ({ specifier }) => {
    const row = `| \`${specifier}\` `;
    const hasRow = docs.some((page) => page.includes(row));
    expect(hasRow, `a row in the table of the adapters that begins with ${row}`).toBe(true);
  });
});

describe("CHANGELOG.md", () => {
  it("has a section for the version", () => {
    const headings = readFileSync("CHANGELOG.md", "utf8").match(/^## .*$/gm) ?? [];
    expect(headings.some((heading) => heading.includes(pkg.version)), pkg.version).toBe(true);
  });

  it("is published to both registries", () => {
    expect(deno.publish.include).toContain("CHANGELOG.md");
    expect(existsSync("LICENSE"), "LICENSE").toBe(true);
    expect(existsSync("README.md"), "README.md").toBe(true);
  });
});

describe("ci.yml", () => {
  it("has a job for each runtime of the matrix", () => {
    const [legs = ""] = /^const legs = \{[^]*?^\};/m.exec(
      readFileSync("scripts/test-matrix.mjs", "utf8"),
    )!;
    const names = [...legs.matchAll(/^ {2}"?([\w-]+)"?: \[/gm)].map(([, name]) => name);
    const jobs = readFileSync(".github/workflows/ci.yml", "utf8").matchAll(/- test:matrix (\S+)/g);
    expect(names).toContain("node24");
    expect([...jobs].map(([, name]) => name)).toEqual(names);
  });
});
