import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  demo,
  factsOf,
  query,
  reached,
  runDemo,
  sendWhen,
} from "../support/terminal/demo-process.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-demo-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** All that a database of the demo holds, and the file beside it: as text, which is compared fast. */
function contentOf(name: string): Record<string, string> {
  const tables = ["flight", "film", "person", "genre", "distributor"];
  const letters = `SELECT pipeline, item_offset AS offset, stage, error_message AS message, item
    FROM millrace_dead_letter ORDER BY pipeline, item_offset`;
  const text = readFileSync(join(folder, `${name}-dead-letters.ndjson`), "utf8");
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const inFile = lines.map(({ pipeline, offset, stage, error, item }) => ({
    ...{ pipeline, offset, stage, message: error.value.message, item: JSON.stringify(item) },
  }));
  inFile.sort((a, b) => a.offset - b.offset); // All are of the films.
  const rowsOf = (sql: string) => JSON.stringify(query(folder, `${name}.db`, sql));
  return {
    ...Object.fromEntries(tables.map((table) => [
      table,
      rowsOf(`SELECT * FROM ${table} ORDER BY id`),
    ])),
    letters: rowsOf(letters),
    lines: JSON.stringify(inFile),
  };
}

/** Content is millions of characters: a failure shows which table differs, and not how. */
function differences(name: string, whole: Record<string, string>): string[] {
  const content = contentOf(name);
  return Object.keys(whole).filter((table) => content[table] !== whole[table]);
}

describe("the demo, stopped", () => {
  let whole: ReturnType<typeof contentOf>;
  beforeAll(async () => {
    const { code } = await runDemo(folder, ["whole.db"]);
    expect(code).toBe(0);
    whole = contentOf("whole");
    expect(whole["lines"]).toBe(whole["letters"]);
  });

  // Rests so long after the first piece of each file that it cannot end before it is stopped.
  const resting = ["--slow", "3600000", "--progress-interval", "20"];
  const hasLoaded = (text: string) => reached(text, "flights", "loaded") > 0;

  it("loads what it has read when Ctrl-C is pressed, reports that, and resumes", async () => {
    const interrupt = sendWhen("SIGINT", hasLoaded);
    const { code, output } = await runDemo(folder, ["drained.db", ...resting], interrupt);
    expect(code).toBe(130);
    const [{ flights, films }] = query(
      folder,
      "drained.db",
      "SELECT (SELECT count(*) FROM flight) AS flights, (SELECT count(*) FROM film) AS films",
    ) as [{ flights: number; films: number }];
    const said = /there are now ([\d,]+) flights and ([\d,]+) films/.exec(output)!;
    expect(said.slice(1).map((digits) => Number(digits.replaceAll(",", "")))).toEqual([
      flights,
      films,
    ]);
    expect(factsOf(output, "loaded")).toEqual([flights, films]);
    const [badFlights = 0, badFilms = 0] = factsOf(output, "dead-lettered");
    expect(factsOf(output, "extracted")).toEqual([flights + badFlights, films + badFilms]);
    expect(factsOf(output, "pending")).toEqual([0, 0]);
    expect(output).toMatch(/^ {2}outcome +drained +drained$/m);
    expect(output).toContain("The next run goes on from here.\n");
    expect(flights).toBeGreaterThan(1000); // The open batch as well.
    expect(flights).toBeLessThan(200_000);

    const next = await runDemo(folder, ["drained.db"]);
    expect(next.code).toBe(0);
    const place = (flights + badFlights).toLocaleString("en-US");
    expect(next.output).toContain(`Going on at ${place} of 200,000 flights.\n`);
    expect(factsOf(next.output, "extracted")[0]).toBe(200_000 - flights - badFlights);
    expect(differences("drained", whole)).toEqual([]);
  });

  it("exits at once when Ctrl-C is pressed twice, and resumes", async () => {
    const args = ["left.db", "--slow", "60", "--progress-interval", "20"];
    const press = sendWhen("SIGINT", (text) => reached(text, "flights", "loaded") > 20_000);
    const pressAgain = sendWhen("SIGINT", (text) => text.includes("Stopping: "));
    const { code } = await runDemo(folder, args, (text, kill) => {
      press(text, kill);
      pressAgain(text, kill);
    });
    expect([130, null]).toContain(code); // By then it may be so near its end that nobody listens.
    expect((await runDemo(folder, ["left.db"])).code).toBe(0);
    expect(differences("left", whole)).toEqual([]);
  });

  it("has every row and every dead letter once, whenever it was killed", async () => {
    const args = ["killed.db", "--slow", "60", "--progress-interval", "1"];
    // The first ones kill between a dead letter and the batch that it is of.
    const instants = [
      (text: string) => text !== "",
      (text: string) => reached(text, "films", "dead-lettered") > 0,
      (text: string) => reached(text, "films", "dead-lettered") > 2,
      (text: string) => reached(text, "flights", "loaded") > 0,
      (text: string) => reached(text, "flights", "loaded") > 9_000,
      (text: string) => reached(text, "flights", "loaded") > 30_000,
    ];
    for (const isTime of instants) {
      // It cannot miss its time, whatever is left of the films.
      const isLate = (text: string) => reached(text, "flights", "loaded") > 35_000;
      const kill = sendWhen("SIGKILL", (text) => isTime(text) || isLate(text));
      expect((await runDemo(folder, args, kill)).code).toBe(null);
    }
    const { code, output } = await runDemo(folder, ["killed.db"]);
    expect(code).toBe(0);
    expect(output).toMatch(/^Going on at [\d,]+ of 200,000 flights\.$/m);
    expect(differences("killed", whole)).toEqual([]);
  }, 600_000);

  it("is rejected while another loads into the same database; restarts if told", async () => {
    let second: Promise<{ code: number | null; output: string }> | undefined;
    const first = await runDemo(folder, ["shared.db", ...resting], (text, kill) => {
      if (second !== undefined || !hasLoaded(text)) return;
      second = runDemo(folder, ["shared.db"]);
      second.then(() => kill("SIGINT"));
    });
    expect(first.code).toBe(130);
    const { code, output } = await second!;
    expect(code).toBe(1);
    expect(output).toMatch(/^0 of 2 pipelines completed: .* Checkpoint "\w+" belongs to run /m);

    const fresh = await runDemo(folder, ["shared.db", "--fresh"]);
    expect(fresh.code).toBe(0);
    expect(fresh.output).not.toContain("Going on");
    expect(differences("shared", whole)).toEqual([]);
  });

  it("continues when nobody reads its output any more", async () => {
    const child = spawn(process.execPath, [...demo, "unread.db"], { cwd: folder });
    child.stdout.destroy();
    child.stderr.destroy();
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(0);
    expect(differences("unread", whole)).toEqual([]);
  });

  it("leaves a file alone that is not its own database", async () => {
    writeFileSync(join(folder, "letter.txt"), "Dear reader");
    const shop = new DatabaseSync(join(folder, "shop.db"));
    shop.exec("CREATE TABLE user (name TEXT)");
    shop.close();
    const refused = [
      ["letter.txt", "file is not a database"],
      ["shop.db", "it belongs to another application"],
    ] as const;
    for (const [name, reason] of refused) {
      const before = readFileSync(join(folder, name));
      const { code, errors } = await runDemo(folder, [name, "--fresh"]);
      expect(code).toBe(1);
      expect(errors).toContain(`Cannot load into "${name}": ${reason}`);
      expect(readFileSync(join(folder, name)).equals(before)).toBe(true);
    }
  });
});
