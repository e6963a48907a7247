import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { paths, release } from "../../scripts/release.mjs";
import { version } from "../../src/cli/version.ts";

const texts = Object.fromEntries(paths.map((path) => [path, readFileSync(path, "utf8")]));
const { "package.json": pkg, "package-lock.json": lock, "deno.json": deno } = texts;

describe("the version", () => {
  it("is the same in every file that names it", () => {
    const { version: published } = JSON.parse(pkg!);
    expect(JSON.parse(lock!).version).toBe(published);
    expect(JSON.parse(lock!).packages[""].version).toBe(published);
    expect(JSON.parse(deno!).version).toBe(published);
    expect(version).toBe(published);
    const [minor] = /^\d+\.\d+/.exec(published)!;
    expect(texts["SECURITY.md"]).toMatch(new RegExp(`^\\| ${minor} +\\| yes`, "m"));
  });

  it("is the first that the CHANGELOG has, below what is not released", () => {
    const titles = [...texts["CHANGELOG.md"]!.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    const released = titles.filter((title) => title !== "Unreleased");
    expect(released[0]).toMatch(new RegExp(`^${version} \\(\\d{4}-\\d{2}-\\d{2}\\)$`));
    expect(titles.slice(1)).not.toContain("Unreleased");
  });
});

describe("npm run release", () => {
  it("writes the version everywhere, and nothing else", () => {
    const changelog = texts["CHANGELOG.md"]!.replace(/^## .*$/m, "## Unreleased");
    const next = release({ ...texts, "CHANGELOG.md": changelog }, "9.8.7", "2030-01-02");
    for (const path of ["package.json", "deno.json"]) {
      expect(next[path]).toBe(
        texts[path]!.replace(`"version": "${version}"`, '"version": "9.8.7"'),
      );
    }
    const locked = JSON.parse(next["package-lock.json"]!);
    expect([locked.version, locked.packages[""].version]).toEqual(["9.8.7", "9.8.7"]);
    expect({ ...locked.packages, "": null }).toEqual({ ...JSON.parse(lock!).packages, "": null });
    expect(next["src/cli/version.ts"]).toContain('version = "9.8.7"');
    expect(next["CHANGELOG.md"]).toMatch(/^## 9\.8\.7 \(2030-01-02\)$/m);
    expect(next["SECURITY.md"]).toContain("| 9.8     | yes       |");
  });

  it.each(["", "v1.0.0", "1.0"])("refuses %j", (text) => {
    expect(() => release(texts, text, "2030-01-02")).toThrow(/is not a version such as 0\.3\.0$/);
  });
});
