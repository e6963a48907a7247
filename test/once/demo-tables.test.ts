import { mkdtempSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepServer } from "../../demo/tables/postgres-server.ts";
import { countRows } from "../../demo/tables/rows.ts";
import { tables } from "../../demo/tables/schema.ts";
import { userOf } from "../../demo/tables/users.ts";
import {
  reached,
  runDemo,
  sendWhen,
  tablesDemo,
  type Watcher,
} from "../support/terminal/demo-process.ts";

const users = 60;
const wanted = countRows(Array.from({ length: users }, (_, index) => userOf(index + 1)));

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-tables-"));
  await chmod(folder, 0o755); // Who runs PostgreSQL has to pass.
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], watch?: Watcher) =>
  runDemo(
    folder,
    [...args, "--folder", folder, "--users", `${users}`, "--batch", "7"],
    watch,
    tablesDemo,
  );

/** What the demo says of each table: its rows, and those without the row above them. */
function countsIn(output: string): Record<string, readonly [rows: number, orphans: number]> {
  const lines = output.matchAll(/^ {2}(\w+) +([\d,]+) +([\d,]+)$/gm);
  const numberOf = (digits = "") => Number(digits.replaceAll(",", ""));
  const counts = [...lines].map(([, table = "", rows, orphans]) =>
    [table, [numberOf(rows), numberOf(orphans)] as const] as const
  );
  return Object.fromEntries(counts.filter(([table]) => table in tables));
}

const complete = Object.fromEntries(
  Object.keys(tables).map((table) => [table, [wanted[table], 0]]),
);

describe.each([["SQLite", ["--sqlite"]], ["PostgreSQL", []]] as const)(
  "the demo of many tables, on %s",
  (name, args) => {
    afterAll(async () => {
      if (name === "PostgreSQL") await (await keepServer(join(folder, "postgres"))).stop();
    }, 180_000);

    it(
      "has every row of 15 tables once after it was killed, and none without its parent",
      async () => {
        // It has loaded the first of its batches, and rests before it reads on.
        const resting = [...args, "--slow", "3600000", "--progress-interval", "20"];
        const kill = sendWhen("SIGKILL", (text) => reached(text, "users", "loaded") > 0);
        expect((await run(resting, kill)).code).toBe(null);

        const { code, output } = await run(args);
        expect(code).toBe(0);
        const [, earlier, added] = /^(\d+) users were there, (\d+) were added/m.exec(output) ?? [];
        expect(Number(earlier)).toBeGreaterThan(0);
        expect(Number(earlier) + Number(added)).toBe(users);
        expect(countsIn(output)).toEqual(complete);
        expect(output.match(/\?$/gm), "questions").toHaveLength(3);
        expect(output).toContain(`How this run went is in ${join(folder, "report.html")}.\n`);
      },
      180_000,
    );

    it("finds nothing left to load, and begins anew if told", async () => {
      const again = await run(args);
      expect(again.output).toMatch(/^60 users were there, 0 were added/m);
      expect(countsIn(again.output)).toEqual(complete);
      const fresh = await run([...args, "--fresh"]);
      expect(fresh.output).toMatch(/^0 users were there, 60 were added/m);
      expect(countsIn(fresh.output)).toEqual(complete);
    }, 180_000);
  },
);

describe("the demo of many tables", () => {
  it.each([
    ["--users", "many", `'users' must be a whole number of at least 1: current value is "many"`],
    ["--slow", "", `'slow' must be a whole number of at least 0: current value is ""`],
    ["--tables", "3", "Unknown option '--tables'"],
  ])("says in a sentence what is wrong with %s %s", async (option, value, words) => {
    const { code, output, errors } = await runDemo(folder, [option, value], undefined, tablesDemo);
    expect(code).toBe(1);
    expect(output).toBe("");
    expect(errors).toContain(words);
    expect(errors.split("\n")).toEqual([expect.any(String), "--help lists the options.", ""]);
  });

  it("explains its options", async () => {
    const { code, output } = await runDemo(folder, ["--help"], undefined, tablesDemo);
    expect(code).toBe(0);
    expect(output).toContain("--users N");
  });

  it("makes the same user of a number, whichever were made before", () => {
    const made = [3, 1, 2].map(userOf);
    expect(userOf(3)).toEqual(made[0]);
    expect(new Set(made.map(({ largeData }) => largeData[0])).size).toBe(3);
  });
});
