import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import MiniSearch from "minisearch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIndex, excerptOf } from "../../scripts/docs/assets/search-index.js";
import { buildSite } from "../../scripts/docs/build.mjs";

const folder = mkdtempSync(join(tmpdir(), "millrace-site-"));
const read = (path: string) => readFileSync(join(folder, path), "utf8");
let site: Awaited<ReturnType<typeof buildSite>>;

beforeAll(async () => {
  site = await buildSite(folder);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("the site of the documentation", () => {
  it("has no dead link or anchor, and asks no other host for anything", () => {
    expect(site.faults).toEqual([]);
    expect(site.pages).toBeGreaterThan(1_000);
  });

  it("has the pages of the index in its navigation, grouped as there", () => {
    const html = read("docs/csv.html");
    expect(html).toContain('<a href="csv.html" aria-current="page">CSV</a>');
    expect(html).toContain("<h2>Survive failures</h2>");
    expect(html).toContain('<a href="../reference.html">API reference</a>');
  });

  it("marks code when it is built, and keeps what is escaped", () => {
    const html = read("docs/pipelines.html");
    expect(html).toContain('<span class="hljs-keyword">import</span>');
    expect(html).toContain("&lt;<span");
  });

  it("leads from the reference back to the guides", () => {
    expect(read("reference.html")).toContain('<a href="api/~/etl.html"><code>etl</code></a>');
    expect(read("api/~/etl.html")).toContain('<a href="../../reference.html"');
  });

  it.each([
    ["resume", "docs/checkpoints.html#how-the-next-run-resumes"],
    ["dead letters", "docs/dead-letters.html"],
    ["csv postgres", "docs/csv.html#csv-into-postgresql"],
    ["readCsv", "api/csv/~/readCsv.html"],
    ["chekpoint", "docs/checkpoints.html"], // Misspelt.
  ])("finds %j", (words, url) => {
    const sections = JSON.parse(read("assets/sections.json"));
    const results = createIndex(MiniSearch, sections).search(words).slice(0, 8);
    expect(results.map(({ url }: { url: string }) => url)).toContain(url);
  });

  it("shows a text around what was searched", () => {
    const text = `${"before ".repeat(40)}checkpoint ${"after ".repeat(40)}`;
    expect(excerptOf(text, ["checkpoint"])).toMatch(/^….*checkpoint after.*…$/);
    expect(excerptOf("All of it.", ["nothing"])).toBe("All of it.…");
  });
});
