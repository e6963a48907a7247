import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import tsupConfig from "../../tsup.config.ts";

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
  publish: { include: string[] };
}

const pkg: PackageJson = JSON.parse(readFileSync("package.json", "utf8"));
const deno: DenoJson = JSON.parse(readFileSync("deno.json", "utf8"));
const { "./package.json": manifest, ...entries } = pkg.exports;
const names = Object.keys(entries);

describe("package.json", () => {
  it("agrees with deno.json", () => {
    expect(deno.name.split("/").at(-1)).toBe(pkg.name); // The other registry may want a scope.
    expect(deno.version).toBe(pkg.version);
    expect(deno.license).toBe(pkg.license);
    expect(Object.keys(deno.exports)).toEqual(names);
  });

  it("exports itself, as tools expect", () => expect(manifest).toBe("./package.json"));

  it.each(names)(
    "exports %s with `types` first, from files that are built from one source",
    (name) => {
      const { types, default: code, ...others } = entries[name] as Record<string, string>;
      expect(Object.keys(entries[name] as object)).toEqual(["types", "default"]);
      expect(others).toEqual({});
      const source = deno.exports[name]!;
      expect(existsSync(source), source).toBe(true);
      const built = source.replace("./src/", "./dist/");
      expect(types).toBe(built.replace(/\.ts$/, ".d.ts"));
      expect(builtBy(tsupConfig), "in tsup.config.ts").toContain(code);
      expect(sourcesOf(tsupConfig)).toContain(source.replace("./", ""));
    },
  );

  it("builds nothing that it does not export", () => {
    const sources = Object.values(deno.exports).map((source) => source.replace("./", ""));
    expect(sourcesOf(tsupConfig).sort()).toEqual(sources.sort());
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

/** The entries of tsup, by the name of what they give: a list, or a table of name and source. */
function entriesOf(config: typeof tsupConfig): [name: string, source: string][] {
  const { entry } = config as { entry: string[] | Record<string, string> };
  if (!Array.isArray(entry)) return Object.entries(entry);
  return entry.map((source) => [source.replace(/^(?:.*\/)?([^/]+)\.ts$/, "$1"), source]);
}

function sourcesOf(config: typeof tsupConfig): string[] {
  return entriesOf(config).map(([, source]) => source.replace(/^\.\//, ""));
}

function builtBy(config: typeof tsupConfig): string[] {
  return entriesOf(config).map(([name]) => `./dist/${name}.js`);
}
