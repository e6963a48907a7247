import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Tally } from "../../demo/tally.ts";
import { titleOf } from "../../demo/titles.ts";
import { demo, type Ending, factsOf, query, runDemo } from "../support/terminal/demo-process.ts";
import { runInTerminal } from "../support/terminal/pseudo-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-demo-"));

function dataOf<T>(name: string): T[] {
  const url = new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

function sumOf<T>(items: readonly T[], measure: (item: T) => number | null): number {
  return items.reduce((sum, item) => sum + (measure(item) ?? 0), 0);
}

// All but the ends of lines.
// deno-lint-ignore no-control-regex -- They are what must not be there.
const controlCharacter = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

afterAll(() => rmSync(folder, { recursive: true }));

describe("the demo, run to its end", () => {
  let ending: Ending;
  beforeAll(async () => {
    ending = await runDemo(folder, []);
  });

  it("succeeds, and leaves its database in the current folder", () => {
    expect(ending.code).toBe(0);
    expect(existsSync(join(folder, "demo.db"))).toBe(true);
  });

  it("has every flight of the file in its table", () => {
    const records = dataOf<{ time: number; delay: number; distance: number }>("flights-200k.json");
    const [row] = query(
      folder,
      "demo.db",
      `SELECT count(*) AS count, sum(distance) AS distance, sum(delay) AS delay,
        sum(departure) AS departure FROM flight`,
    );
    expect(row).toEqual({
      count: records.length,
      distance: sumOf(records, ({ distance }) => distance),
      delay: sumOf(records, ({ delay }) => delay),
      departure: sumOf(records, ({ time }) => Math.round(time * 60)),
    });
    expect(factsOf(ending.output, "extracted")[0]).toBe(records.length);
  });

  it("has every film of the file in its table except those that it names a reason for", () => {
    const records = dataOf<Record<string, number | string | null>>("movies.json");
    const unreleased = ["How Do You Know?", "Restless", "Tintin: Secret of the Unicorn"];
    const kept = records.filter(({ Title: title, "Release Date": date }) =>
      title !== null && date !== "Dec 31 1969" &&
      title !== "Fantasia 2000 (Theatrical Release)" &&
      !unreleased.some((name) => String(title).endsWith(name))
    );
    const [row] = query(
      folder,
      "demo.db",
      `SELECT count(*) AS count, sum(budget) AS budget, sum(world_gross) AS gross,
        sum(tomatoes) AS tomatoes, count(director_id) AS directed,
        (SELECT count(*) FROM person) AS people, (SELECT count(*) FROM genre) AS genres FROM film`,
    );
    const amount = (name: string) => sumOf(kept, (film) => film[name] as number | null);
    const names = (name: string) => kept.map((film) => film[name]).filter((text) => text !== null);
    expect(row).toEqual({
      count: kept.length,
      budget: amount("Production Budget"),
      gross: amount("Worldwide Gross"),
      tomatoes: amount("Rotten Tomatoes Rating"),
      directed: names("Director").length,
      people: new Set(names("Director")).size,
      genres: new Set(names("Major Genre")).size,
    });
    expect(factsOf(ending.output, "dead-lettered")).toEqual([0, records.length - kept.length]);
  });

  it("keeps a dead letter of each other film, in its table and in a file", () => {
    const rows = query(
      folder,
      "demo.db",
      `SELECT pipeline, stage, error_message AS reason, count(*) AS count
        FROM millrace_dead_letter GROUP BY 1, 2, 3 ORDER BY count DESC, reason`,
    );
    const unreleasedWords = "not released when the data was gathered";
    const refusal = "UNIQUE constraint failed: film.title, film.year";
    expect(rows).toEqual([
      { pipeline: "films", stage: "transform", reason: "no date of release", count: 8 },
      { pipeline: "films", stage: "transform", reason: unreleasedWords, count: 3 },
      { pipeline: "films", stage: "load", reason: refusal, count: 1 },
      { pipeline: "films", stage: "transform", reason: "no title", count: 1 },
    ]);
    for (const { reason, count } of rows) {
      expect(ending.output).toContain(`    ${count}  films: ${reason}\n`);
    }
    const lines = readFileSync(join(folder, "demo-dead-letters.ndjson"), "utf8").split("\n");
    expect(lines.pop()).toBe("");
    const letters = query(
      folder,
      "demo.db",
      "SELECT item_offset AS offset, item FROM millrace_dead_letter ORDER BY id",
    );
    const inFile = lines.map((line) => JSON.parse(line));
    expect(inFile.map(({ offset, item }) => ({ offset, item: JSON.stringify(item) })))
      .toEqual(letters);
    const movies = dataOf<object>("movies.json");
    expect(inFile.map(({ item }) => item)).toEqual(inFile.map(({ offset }) => movies[offset]));
  });

  it.each([
    ["1776", 1972, "1972-11-09"],
    ["Gone with the Wind", 1939, "1939-12-15"],
    ["Casablanca", 1942, null],
    ["Defiance", 2008, "2008-12-31"],
    ["Patton", 1970, null],
    ["Léon", 1994, "1994-11-18"],
    ["Alien³", 1992, "1992-05-22"],
    ["The Naked Gun 2½: The Smell of Fear", 1991, "1991-06-28"],
    ["The Charge of the Light Brigade", 1936, "1936-10-20"],
    ["Halloween: The Curse of Michael Myers", 1995, "1995-09-29"],
  ])("corrects %s", (title, year, released) => {
    const found = query(
      folder,
      "demo.db",
      `SELECT title, year, released FROM film WHERE year = ${year}`,
    );
    expect(found).toContainEqual({ title, year, released });
  });

  it("decodes no title twice in which a character cannot have been misread", () => {
    const repaired = new Tally();
    expect(titleOf("LÈon ♥ Mathilda", repaired)).toBe("LÈon ♥ Mathilda");
    expect(titleOf("LÈon & Mathilda", repaired)).toBe("Léon & Mathilda");
    expect(repaired.entries).toEqual([["titles in a wrong character set", 1]]);
  });

  it("reads ratings shared by films, and does not take unknown money for 0", () => {
    const rated = query(
      folder,
      "demo.db",
      "SELECT title, imdb_votes FROM film WHERE imdb_votes > 0",
    );
    const titles = rated.map(({ title }) => title);
    expect(titles).not.toContain("King Kong");
    expect(titles).not.toContain("Monster");
    expect(titles).toContain("Taking Woodstock"); // Has the votes of another film by chance.
    expect(query(folder, "demo.db", "SELECT * FROM film WHERE 0 IN (us_gross, world_gross)"))
      .toEqual([]);
  });

  it("prints lines of plain text where there is no terminal", () => {
    expect(ending.output).not.toMatch(controlCharacter);
    expect(ending.output.match(/\?$/gm), "questions").toHaveLength(3);
    expect(ending.errors).toMatch(
      /^flights: completed, 100% of 200,000, 200,000 loaded, .* \| films: completed, 100% of 3,201, 3,188 loaded, .*, 13 dead-lettered, .*\n$/,
    );
  });

  it("writes a page about the run, and says where", () => {
    expect(ending.output).toContain("How this run went is in demo-report.html.\n");
    const page = readFileSync(join(folder, "demo-report.html"), "utf8");
    expect(page.startsWith("<!doctype html>")).toBe(true);
    for (const text of ["Flights and films", "200,000", "3,188"]) expect(page).toContain(text);
  });

  it("begins with a new database when everything was loaded", async () => {
    const again = await runDemo(folder, ["demo.db"]);
    expect(again.code).toBe(0);
    expect(factsOf(again.output, "loaded")).toEqual([200_000, 3188]);
    expect(again.output).not.toContain("Going on");
  });

  it("finds nothing left to load when it keeps the database", async () => {
    const again = await runDemo(folder, ["--no-fresh"]);
    expect(again.code).toBe(0);
    expect(again.output).toContain("No flights are left to load.\nNo films are left to load.\n");
    expect(factsOf(again.output, "extracted")).toEqual([0, 0]);
    expect(again.output).toContain("there are now 200,000 flights and 3,188 films. ");
    expect(again.output.match(/\?$/gm), "questions").toHaveLength(3);
  });
});

describe("the demo", () => {
  it("says in a sentence which option is wrong", async () => {
    const { code, errors } = await runDemo(folder, ["--slow", "very"]);
    expect(code).toBe(1);
    expect(errors).toContain(`'slow' must be a number of at least 0: current value is "very"`);
  });

  /** Runs it in a terminal of its own. */
  const runInBars = (args: string, interruptAt?: RegExp) => {
    const node = `${process.execPath} ${demo.join(" ")} ${args}`;
    return runInTerminal(`sh -c 'echo begin; cd ${folder}; exec ${node}'`, interruptAt);
  };

  it("draws a bar for each pipeline in a terminal", async () => {
    const { code, output } = await runInBars("terminal.db");
    expect(code).toBe(0);
    expect(output).toContain("] 100% of 200000 flights | completed");
    expect(output).toContain("] 100% of 3201 films | completed");
  });

  it("shows in the bars that Ctrl-C has drained it, and restores the terminal", async () => {
    const { code, output } = await runInBars("interrupted.db --slow 3600000", /flights \| running/);
    expect(code).toBe(130);
    expect(output).toMatch(/\d% of 200000 flights \| drained/);
    const [wraps, cuts] = ["\x1b[?7h", "\x1b[?7l"].map((code) => output.lastIndexOf(code));
    expect(wraps).toBeGreaterThan(cuts!);
  });
});
