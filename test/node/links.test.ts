import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";

const files = readdirSync("docs", { recursive: true, encoding: "utf8" })
  .map((path) => `docs/${path.replaceAll("\\", "/")}`);
const shipped = ["README.md", ...files.filter((path) => path.endsWith(".md")).sort()];
const pages = [
  ...shipped,
  ...["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md"],
];
const texts = new Map(pages.map((page) => [page, readFileSync(page, "utf8")]));

/** The text without blocks of code, whose lines are neither headings nor links. */
function proseOf(page: string): string {
  const text = texts.get(page) ?? readFileSync(page, "utf8");
  return text.replaceAll(/^( *)(`{3,})[^\n]*\n[\s\S]*?^\1\2 *$/gm, "");
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = proseOf(page).matchAll(/^#{1,6} +(.*?) *$/gm);
  return new Set([...headings].map(([, heading = ""]) => {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
    const slug = words.toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  }));
}

interface Link {
  readonly target: string;
  readonly file: string;
  readonly anchor: string | undefined;
}

/** The links of a page that stay within the repository. */
function linksOf(page: string): Link[] {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, "code");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => {
    const [path = "", anchor] = target.split("#");
    return { target, file: path === "" ? page : posix.join(posix.dirname(page), path), anchor };
  });
}

/** What is wrong with a link, if anything. */
function faultOf({ file, anchor }: Link): string | undefined {
  if (file.startsWith("..")) return "leads out of the repository";
  if (!existsSync(file)) return "leads to a file that does not exist";
  if (anchor === undefined) return undefined;
  if (statSync(file).isDirectory() || !file.endsWith(".md")) return undefined;
  return anchorsOf(file).has(anchor) ? undefined : "leads to a heading that does not exist";
}

describe("every link", () => {
  it.each(pages)("of %s leads somewhere", (page) => {
    const faults = linksOf(page).flatMap((link) =>
      faultOf(link) ? [[link.target, faultOf(link)]] : []
    );
    expect(faults).toEqual([]);
  });

  it("is found: a page without any would hide that none is looked at", () => {
    expect(linksOf("README.md").length).toBeGreaterThan(20);
    expect(anchorsOf("docs/README.md")).toContain("start-here");
    expect(faultOf({ target: "", file: "docs/README.md", anchor: "nowhere" })).toMatch(/heading/);
    expect(faultOf({ target: "", file: "docs/nowhere.md", anchor: undefined })).toMatch(/file/);
  });
});

describe("docs/", () => {
  it("has an index that names each page", () => {
    const named = new Set(linksOf("docs/README.md").map(({ file }) => file));
    const others = shipped.filter((page) => page !== "README.md" && page !== "docs/README.md");
    expect(others.filter((page) => !named.has(page))).toEqual([]);
  });

  it("is shipped by both registries, recipes included", () => {
    const npm = JSON.parse(readFileSync("package.json", "utf8"));
    const jsr = JSON.parse(readFileSync("deno.json", "utf8"));
    expect(npm.files).toContain("docs"); // README.md always is.
    expect(jsr.publish.include).toEqual(expect.arrayContaining(["README.md", "docs/**/*.md"]));
  });

  it("has no link to a file of src/, which is free to move", () => {
    const isInside = ({ file }: Link) => file.startsWith("src/");
    expect(shipped.flatMap(linksOf).filter(isInside)).toEqual([]);
  });
});

describe("README.md", () => {
  it("has at most 150 lines", () => {
    expect(texts.get("README.md")?.trimEnd().split("\n").length).toBeLessThanOrEqual(150);
  });

  it("shows a run", () => {
    expect(linksOf("README.md").map(({ file }) => file)).toContain("docs/run.svg");
  });
});
