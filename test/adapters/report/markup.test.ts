import { describe, expect, it } from "vitest";
import { renderDiagram, renderReport, toMermaid } from "../../../src/adapters/report.ts";
import { escape, plain } from "../../../src/adapters/report/markup.ts";
import { runReport, runTrace } from "../../support/report/run-reports.ts";

const hostile = [
  "</script><script>alert(1)</script>",
  `"><img src=x onerror=alert(1)>`,
  `' onload='alert(1)`,
  "</title></style></svg>]]>-->",
  "&lt;b&gt; & &#60;",
  "a\u0000b\u001b[2J\u0085c\ufffed",
  "\u202egpj.exe\u2066 \u200f",
  "\ud800 alone \udfff",
  "日本語の長い名前 👩‍👩‍👧‍👦",
  "x".repeat(10_000),
  "👩‍👩‍👧‍👦".repeat(2000),
  "__proto__",
  "constructor",
  "",
];

describe("names in a report", () => {
  const hidden = /[\p{Cs}\ufffe\uffff\u202a-\u202e\u2066-\u2069\u200e\u200f]|(?!\n)\p{Cc}/u;

  it.each(hostile)("are escaped and cut: %j", (name) => {
    const run = runReport({ name, runId: name, trace: runTrace(2), load: { busy: 0.9 } });
    const skipped = { name: `${name}2`, outcome: "skipped", after: name } as const;
    const manager = { reports: [run, skipped], outcome: "failed" } as const;
    const pages = [
      renderReport(run, { title: name || "title" }),
      renderReport(manager),
      renderReport(manager, { after: { [name]: [`${name}2`, name] } }),
      renderDiagram(run),
      toMermaid(run),
      toMermaid(manager, { after: { [name]: [`${name}2`] } }),
    ];
    const [plainPage = "", plainManager = ""] = [
      renderReport({ ...run, name: "a", runId: "a" }, { title: "a" }),
      renderReport({
        ...manager,
        reports: [{ ...run, name: "a", runId: "a" }, { ...skipped, name: "b", after: "a" }],
      }),
    ];
    for (const page of pages) {
      expect(page).not.toMatch(hidden);
      expect(page).not.toMatch(/<script|<img|onerror=alert\(1\)>|' onload=/);
    }
    // No name adds an element or takes one away.
    expect(tagsOf(pages[0]!)).toEqual(tagsOf(plainPage));
    expect(pages[0]!.length).toBeLessThan(plainPage.length + 3000);
    expect(pages[1]!.length).toBeLessThan(plainManager.length + 6000);
  });

  function tagsOf(page: string): string[] {
    // The kicker says the name where there is a title.
    return [...page.matchAll(/<\/?[a-z0-9]+/g)].map(([tag]) => tag);
  }
});

describe("plain()", () => {
  it.each([
    ["short", 10, "short"],
    ["exactly 10", 10, "exactly 10"],
    ["exactly 11!", 10, "exactly 11…"],
    ["a word cut", 7, "a word…"],
    ["日本語の名前", 6, "日本語…"],
    ["👩‍👩‍👧‍👦👩", 8, "👩‍👩…"],
    ["a\nb\tc", 10, "a\ufffdb\ufffdc"],
    ["naïve", 5, "naïve"],
  ])("of %j in %i columns is %j", (text, columns, shown) => {
    expect(plain(text, columns)).toBe(shown);
  });

  it("accepts values that are not text", () => {
    expect(plain(undefined, 20)).toBe("undefined");
  });
});

describe("escape()", () => {
  it("leaves no character that HTML or XML would interpret", () => {
    expect(escape(`<a href="x" id='y'>&amp;`))
      .toBe("&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;");
  });
});
