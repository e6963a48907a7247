import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openDatabase } from "../../demo/database.ts";
import { openDeadLetters, reasonsIn } from "../../demo/dead-letters.ts";
import { filmSink } from "../../demo/films.ts";
import type { DeadLetter } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-demo-"));
afterAll(() => rmSync(folder, { recursive: true }));

function letterOf(offset: number): DeadLetter {
  const error = new Error(`no title ${offset}`);
  const run = { pipeline: "films", runId: "1", at: 0 };
  return { item: { offset }, error, stage: "transform", attempts: 1, offset, ...run };
}

it("the demo keeps each dead letter once in both places, wherever it was killed", async () => {
  const database = openDatabase(join(folder, "letters.db"), undefined);
  const path = join(folder, "letters.ndjson");
  const write = async (...offsets: number[]) => {
    const table = filmSink(database).deadLetters();
    const writer = (await openDeadLetters(database, table, path)).getWriter();
    for (const offset of offsets) {
      await writer.write(letterOf(offset));
      expect(readFileSync(path, "utf8")).toContain(`"offset":${offset}`);
      expect(reasonsIn(database).map(({ reason }) => reason)).toContain(`no title ${offset}`);
    }
    await writer.close();
  };
  const kept = () => ({
    lines: readFileSync(path, "utf8").split("\n").map((line) => line && JSON.parse(line).offset),
    rows: database.prepare("SELECT item_offset AS offset FROM millrace_dead_letter ORDER BY id")
      .all().map(({ offset }) => offset),
  });

  await write(4, 7);
  expect(kept()).toEqual({ lines: [4, 7, ""], rows: [4, 7] });
  const line = readFileSync(path, "utf8").split("\n")[0]!;
  for (const lost of [line, `${line}\n`, line.slice(0, 9)]) { // What came into the file alone.
    appendFileSync(path, lost);
    await write(4, 7);
    expect(kept()).toEqual({ lines: [4, 7, ""], rows: [4, 7] });
  }
  await write(7, 9);
  expect(kept()).toEqual({ lines: [4, 7, 9, ""], rows: [4, 7, 9] });
  rmSync(path); // By the user.
  await write(11);
  expect(kept()).toEqual({ lines: [11, ""], rows: [4, 7, 9, 11] });
  database.close();
});
