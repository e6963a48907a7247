import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { nodeOf } from "../../scripts/runtimes.mjs";

const folder = mkdtempSync(join(tmpdir(), "docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The programs of a page, or of the comments of a source, that the tests of the docs leave out. */
function programsOf(path: string): string[] {
  const text = readFileSync(path, "utf8").replaceAll(/^ \* ?/gm, "");
  return [...text.matchAll(/^```ts ignore\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
}

/** A program that stands outside of the project, and imports what stands within. */
function within(code: string): string {
  const { imports } = JSON.parse(readFileSync("deno.json", "utf8"));
  return code.replaceAll(/(?<=from )"(millrace[^"]*|@duckdb[^"]*)"/g, (_, name: string) => {
    const url = name in imports ? pathToFileURL(resolve(imports[name])).href : undefined;
    return JSON.stringify(url ?? import.meta.resolve(name));
  });
}

// A stream of DuckDB that was read crashes Deno now and then when the isolate of a test ends.
describe("the programs that read from DuckDB", () => {
  it.each(["docs/duckdb.md", "src/adapters/duckdb/source.ts"])("of %s run on Node", (path) => {
    const programs = programsOf(path);
    expect(programs.length).toBe(1);
    const file = join(folder, "program.mts");
    writeFileSync(file, within(programs[0]!));
    expect(execFileSync(resolve(nodeOf(24)!), [file], { encoding: "utf8" })).toBe("");
  });
});
