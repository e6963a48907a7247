import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium as engine, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromium, chromiumArguments } from "../../scripts/runtimes.mjs";
import {
  progressEvents,
  progressPage,
  renderDiagram,
  renderReport,
} from "../../src/adapters/report.ts";
import { etl, type RunReport } from "../../src/index.ts";
import { serveHandler } from "../support/report/serve-handler.ts";
import { richReport, runReport } from "../support/report/run-reports.ts";

const long = "a name as long as a sentence without an end ".repeat(200);
const failedReport: RunReport = {
  ...richReport,
  ...{
    outcome: "failed",
    runId: "3912477-1620182770-646298622-276568271",
    pending: 50,
    loaded: 950,
  },
  ...{ partition: "2026-11", key: `orders/${"2026-11".repeat(20)}`, earlier: 400, rows: 4200 },
  failure: {
    ...{
      stage: "load",
      message: `no space ${"on device ".repeat(40)}`,
      code: "ENOSPC",
      attempts: 3,
    },
    batch: { sequence: 123_456_789, offset: 123_456_789_000, size: 50 },
  },
  deadLetterReasons: [{ message: "x".repeat(300), stage: "load", count: 3, offset: 17 }],
  ...{ drift: { nickname: 4 }, tables: { orders: { inserted: 900, updated: 50 } } },
};
const pages = {
  run: renderReport(richReport),
  plain: renderReport(runReport({ name: "x".repeat(500) }), { title: "W".repeat(500) }),
  manager: renderReport({
    reports: [richReport, runReport({ name: long }), {
      ...{ name: "mail", outcome: "skipped", after: long },
    }],
    outcome: "failed",
  }, { after: { [long]: ["orders"] } }),
  failed: renderReport(failedReport, {
    options: { batchSize: 50, retry: { maxAttempts: 3 }, fingerprint: "W".repeat(99) },
    host: "worker-3, Node 24.1.0, millrace 0.2.0",
  }),
  job: renderReport({
    ...{ name: "sales", outcome: "failed", duration: 63_000, rows: 390, earlier: 0 },
    ...{ extracted: 400, loaded: 390, skipped: 5, deadLettered: 1, returned: 0, pending: 4 },
    partitions: { total: 40, completed: 37, dead: 2, cancelled: 1 },
    dead: [{ partition: long, error: long, failures: 3, begun: 1, loaded: 100 }],
  }),
};
const widths = [360, 768, 1280];
const kinds = Object.keys(pages) as (keyof typeof pages)[];
const views = kinds.flatMap((kind) =>
  widths.flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ kind, width, scheme })))
);

describe.skipIf(chromium === undefined)("a report page in Chromium", () => {
  let browser: Browser;
  let folder: string;
  let page: Page;
  const heard: string[] = []; // What pages have asked for or complained about.

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-report-"));
    await writeFile(join(folder, "diagram.svg"), renderDiagram(richReport));
    await writeFile(join(folder, "diagram.html"), '<!doctype html><img src="diagram.svg">');
    for (const kind of kinds) await writeFile(join(folder, `${kind}.html`), pages[kind]);
    browser = await engine.launch({ executablePath: chromium!, args: chromiumArguments });
    page = await browser.newPage();
    page.on("console", (message) => heard.push(message.text()));
    page.on("pageerror", (error) => heard.push(String(error)));
    page.on("request", (request) => heard.push(request.url()));
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a file; gives its address. */
  async function open(name: string, width: number, colorScheme: "light" | "dark") {
    const url = pathToFileURL(join(folder, name)).href;
    heard.length = 0;
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await page.goto(url);
    return url;
  }

  it.each(views)("shows $kind at $width pixels, $scheme", async ({ kind, width, scheme }) => {
    const url = await open(`${kind}.html`, width, scheme);
    const { scroll, cut, colour } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      // What stands out of the page, although the page may hide it.
      cut: [...document.querySelectorAll("main *, header *")]
        .filter((element) => {
          const { left, right } = element.getBoundingClientRect();
          return right > innerWidth + 0.5 || left < -0.5;
        })
        .map((element) => element.outerHTML.slice(0, 120)),
      colour: getComputedStyle(document.body).backgroundColor,
    }));
    expect(heard).toEqual([url]);
    expect(scroll).toBe(width);
    expect(cut).toEqual([]);
    expect(colour).toBe(scheme === "dark" ? "rgb(14, 17, 22)" : "rgb(246, 247, 249)");
  });

  it.each([390, 1280])("can be saved as a picture of %i pixels", async (width) => {
    await open("run.html", width, "dark");
    const path = join(folder, `run-${width}.png`);
    await page.screenshot({ path, fullPage: true });
    expect((await stat(path)).size).toBeGreaterThan(20_000);
  });

  it.each([390, 1280])("draws bars as wide as their shares at %i pixels", async (width) => {
    await open("run.html", width, "light");
    const bars = await page.evaluate(() =>
      [...document.querySelectorAll<SVGRectElement>("[data-share]")].map((bar) => ({
        share: Number(bar.dataset["share"]),
        drawn: bar.getBBox().width / bar.ownerSVGElement!.clientWidth,
      }))
    );
    expect(bars).toHaveLength(11);
    for (const { share, drawn } of bars) expect(drawn).toBeCloseTo(share, 2);
  });

  it("has room for every word in its boxes on a phone", async () => {
    await open("run.html", 390, "light");
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll(".tiles > div, .stage, .bucket, .card, .flow")]
        .filter((box) => box.scrollWidth > box.clientWidth)
        .map((box) => box.textContent)
    );
    expect(cut).toEqual([]);
  });

  it("is printed on white, whatever the screen is", async () => {
    await open("run.html", 800, "dark");
    await page.emulateMedia({ colorScheme: "dark", media: "print" });
    const [back, ink] = await page.evaluate(() => {
      const { backgroundColor, color } = getComputedStyle(document.body);
      return [backgroundColor, color];
    });
    await page.emulateMedia({ media: "screen" });
    expect([back, ink]).toEqual(["rgb(255, 255, 255)", "rgb(20, 23, 31)"]);
  });

  it("has a standalone picture that is valid XML, whatever a name holds", async () => {
    await open("run.html", 800, "light");
    const names = [
      "a & b",
      "<g>",
      "]]>",
      "\u0000\u0008\ufffe",
      "\ud800",
      "\u202e",
      "👩‍👩‍👧‍👦".repeat(99),
    ];
    const pictures = names.map((name) => renderDiagram({ ...richReport, name }));
    const errors = await page.evaluate(
      (texts) =>
        texts.map((text) =>
          new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror")
            ?.textContent
        ),
      pictures,
    );
    expect(errors).toEqual(names.map(() => undefined));
  });

  it("opens with the failure, and marks a whole id by one click", async () => {
    await open("failed.html", 360, "light");
    const shown = await page.evaluate(() => {
      const topOf = (what: string) => document.querySelector(what)!.getBoundingClientRect().top;
      const [failure, rest] = [topOf("[data-failure]"), topOf("[data-explanation]")];
      return failure < rest && failure < 400;
    });
    expect(shown).toBe(true);
    await page.click(".facts .copy");
    expect(await page.evaluate(() => String(getSelection()))).toBe(failedReport.runId);
    await page.click('a[href="#run-1-failed"]');
    expect(await page.evaluate(() => document.querySelector(":target")!.textContent))
      .toContain("Batch 123,456,789 failed");
  });

  it("follows a run until its end, and shows its report", async () => {
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const run = etl<number>({
      name: "films <1>",
      extract: () => [0, 1, 2, 3],
      load: ([n]) => gates[n!]!.promise,
    }).start();
    const server = await serveHandler((request) =>
      request.url.endsWith("/events")
        ? progressEvents(run, { interval: 20 })
        : new Response(progressPage({ events: "/events" }), {
          headers: { "content-type": "text/html; charset=utf-8" },
        })
    );
    heard.length = 0;
    await page.setViewportSize({ width: 360, height: 900 });
    await page.goto(server.url);
    await page.waitForSelector('[data-progress="0"]', { state: "attached" });
    gates[0]!.resolve();
    await page.waitForSelector('[data-progress="0.25"]');
    expect(await page.textContent("h1")).toBe("films <1>");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    for (const { resolve } of gates) resolve();
    await page.waitForSelector('[data-outcome="completed"]');
    const loaded = await page.getAttribute('[data-figure="loaded"]', "data-value");
    expect(Number(loaded)).toBe((await run.finished).loaded);
    expect(await page.isHidden("#lost")).toBe(true);
    expect(heard).toEqual([server.url, `${server.url}events`]);
    await server.close();
  });

  it("says so if the connection is lost while it follows a run", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const run = etl({ name: "films", extract: () => [1], load: () => promise }).start();
    const server = await serveHandler((request) =>
      request.url.endsWith("/events")
        ? progressEvents(run, { interval: 20 })
        : new Response(progressPage({ events: "/events" }), {
          headers: { "content-type": "text/html" },
        })
    );
    await page.goto(server.url);
    await page.waitForSelector("[data-progress]", { state: "attached" });
    await server.close();
    await page.waitForSelector("#lost", { state: "visible" });
    resolve();
    await run.finished;
  });

  it("shows the standalone picture as an image", async () => {
    await open("diagram.html", 1280, "dark");
    expect(await page.evaluate(() => document.querySelector("img")!.naturalWidth)).toBe(960);
  });
});
