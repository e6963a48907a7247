import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Tally } from "../../demo/tally.ts";
import { titleOf } from "../../demo/titles.ts";

const main = fileURLToPath(new URL("../../demo/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-demo-"));

interface Ending {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the demo in the folder; `onOutput` is given what was printed so far, and what sends Ctrl-C. */
function runDemo(
  args: readonly string[],
  onOutput: (output: string, interrupt: () => void) => void = () => {},
): Promise<Ending> {
  const command = ["--disable-warning=ExperimentalWarning", main, ...args];
  const child = spawn(process.execPath, command, { cwd: folder });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    onOutput(output, () => child.kill("SIGINT"));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors += text);
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, output, errors }));
  });
}

function query(name: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(folder, name), { readOnly: true });
  try {
    return database.prepare(sql).all().map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

function dataOf<T>(name: string): T[] {
  const url = new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

function sumOf<T>(items: readonly T[], measure: (item: T) => number | null): number {
  return items.reduce((sum, item) => sum + (measure(item) ?? 0), 0);
}

/** The numbers that stand behind a word in the table of the reports, one for each pipeline. */
function factsOf(output: string, word: string): number[] {
  const line = output.split("\n").find((line) => line.startsWith(`  ${word} `)) ?? "";
  return (line.match(/\d[\d,]*/g) ?? []).map((digits) => Number(digits.replaceAll(",", "")));
}

// All but the ends of lines.
// deno-lint-ignore no-control-regex -- They are what must not be there.
const controlCharacter = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

afterAll(() => rmSync(folder, { recursive: true }));

describe("demo, run to its end", () => {
  let ending: Ending;
  beforeAll(async () => {
    ending = await runDemo([]);
  });

  it("ends well, and leaves its database in the current folder", () => {
    expect(ending).toMatchObject({ code: 0, errors: "" });
    expect(existsSync(join(folder, "demo.db"))).toBe(true);
  });

  it("has every flight of the file in its table", () => {
    const records = dataOf<{ time: number; delay: number; distance: number }>("flights-200k.json");
    const [row] = query(
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

  it("has every film of the file in its table but those that it names a reason for", () => {
    const records = dataOf<Record<string, number | string | null>>("movies.json");
    const unreleased = ["How Do You Know?", "Restless", "Tintin: Secret of the Unicorn"];
    const kept = records.filter(({ Title: title, "Release Date": date }) =>
      title !== null && date !== "Dec 31 1969" &&
      title !== "Fantasia 2000 (Theatrical Release)" &&
      !unreleased.some((name) => String(title).endsWith(name))
    );
    const [row] = query(
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
    const [, skipped = 0] = factsOf(ending.output, "skipped");
    expect(kept.length + skipped).toBe(records.length);
    expect(ending.output).toContain(`Films left out: ${skipped}\n`);
    expect(ending.output).toContain("    8  no date of release\n");
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
  ])("puts right what is wrong with %s", (title, year, released) => {
    const found = query("demo.db", `SELECT title, year, released FROM film WHERE year = ${year}`);
    expect(found).toContainEqual({ title, year, released });
  });

  it("decodes no title again in which a character cannot have been misread", () => {
    const repaired = new Tally();
    expect(titleOf("LÈon ♥ Mathilda", repaired)).toBe("LÈon ♥ Mathilda");
    expect(titleOf("LÈon & Mathilda", repaired)).toBe("Léon & Mathilda");
    expect(repaired.entries).toEqual([["titles in a wrong character set", 1]]);
  });

  it("takes ratings from films that share them, and no money that is not known for 0", () => {
    const rated = query("demo.db", "SELECT title, imdb_votes FROM film WHERE imdb_votes > 0");
    const titles = rated.map(({ title }) => title);
    expect(titles).not.toContain("King Kong");
    expect(titles).not.toContain("Monster");
    expect(titles).toContain("Taking Woodstock"); // Has the votes of another film by chance.
    expect(query("demo.db", "SELECT * FROM film WHERE 0 IN (us_gross, world_gross)")).toEqual([]);
  });

  it("prints lines of plain text where there is no terminal", () => {
    expect(ending.output).not.toMatch(controlCharacter);
    expect(ending.output).toContain("flights: 200,000 loaded, ended\n");
    expect(ending.output.match(/\?$/gm), "questions").toHaveLength(3);
  });

  it("replaces the database that it finds", async () => {
    const again = await runDemo(["demo.db"]);
    expect(again.code).toBe(0);
    expect(query("demo.db", "SELECT count(*) AS count FROM flight")).toEqual([{ count: 200_000 }]);
  });
});

describe("demo, stopped", () => {
  it("loads what it has read when Ctrl-C is pressed, and says what that is", async () => {
    // Rests so long after the first piece of each file that it cannot end before it is stopped.
    const args = ["stopped.db", "--slow", "3600000", "--progress-interval", "20"];
    let isInterrupted = false;
    const { code, output, errors } = await runDemo(args, (output, interrupt) => {
      if (isInterrupted || !/flights: [1-9]/.test(output)) return;
      isInterrupted = true;
      interrupt();
    });
    expect({ code, errors }).toEqual({ code: 130, errors: "" });
    const [{ flights, films }] = query(
      "stopped.db",
      "SELECT (SELECT count(*) FROM flight) AS flights, (SELECT count(*) FROM film) AS films",
    ) as [{ flights: number; films: number }];
    const said = /there are now ([\d,]+) flights and ([\d,]+) films/.exec(output)!;
    expect(said.slice(1).map((digits) => Number(digits.replaceAll(",", "")))).toEqual([
      flights,
      films,
    ]);
    expect(factsOf(output, "loaded")).toEqual([flights, films]);
    const [skippedFlights = 0, skippedFilms = 0] = factsOf(output, "skipped");
    expect(factsOf(output, "extracted")).toEqual([flights + skippedFlights, films + skippedFilms]);
    expect(factsOf(output, "pending")).toEqual([0, 0]);
    expect(output).toMatch(/^ {2}outcome +drained +drained$/m);
    expect(flights).toBeGreaterThan(1000); // The open batch as well.
    expect(flights).toBeLessThan(200_000);
    expect(output).not.toMatch(controlCharacter);
  });

  it("loads on when nobody reads what it prints any more", async () => {
    const command = ["--disable-warning=ExperimentalWarning", main, "unread.db"];
    const child = spawn(process.execPath, command, { cwd: folder });
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(0);
    expect(query("unread.db", "SELECT count(*) AS count FROM flight")).toEqual([{
      count: 200_000,
    }]);
  });

  it("leaves a file alone that is no database", async () => {
    writeFileSync(join(folder, "letter.txt"), "Dear reader");
    const { code, errors } = await runDemo(["letter.txt"]);
    expect(code).toBe(1);
    expect(errors).toContain('Cannot replace "letter.txt" as it is no SQLite database');
    expect(readFileSync(join(folder, "letter.txt"), "utf8")).toBe("Dear reader");
  });

  it("says in a sentence which option is wrong", async () => {
    const { code, errors } = await runDemo(["--slow", "very"]);
    expect(code).toBe(1);
    expect(errors).toContain(`'slow' must be a number of at least 0: current value is "very"`);
  });
});
