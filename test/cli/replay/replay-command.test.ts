import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeLetter } from "../../../src/dead-letters/dead-letter-json.ts";
import { runCli } from "../../support/cli/run-cli.ts";
import { kept, seen } from "../../support/cli/modules/several.ts";

let folder = "";
let letters = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
  letters = join(folder, "letters.ndjson");
  seen.loaded.length = seen.letters.length = seen.hooks.length = 0;
  kept.clear();
});
afterEach(() => rmSync(folder, { recursive: true }));

const facts = { error: new Error("no"), attempts: 1, pipeline: "numbers", runId: "run-1", at: 0 };

describe("millrace replay", () => {
  it("loads what failed to load, transforms what did not, and keeps what fails again", async () => {
    const lines = [
      { ...facts, item: 3, row: { n: "three" }, stage: "load", offset: 3 } as const,
      { ...facts, item: 4, stage: "transform", offset: 4 } as const,
      { ...facts, item: 9, stage: "transform", offset: 9 } as const,
    ];
    writeFileSync(letters, lines.map((letter) => `${encodeLetter(letter)}\n`).join(""));
    const page = join(folder, "page.html");
    const { code, out, err } = await runCli(
      `replay ${letters} several.ts numbers --json --report ${page}`,
    );
    expect([code, err]).toEqual([0, `The page about it is ${page}\n`]);
    expect(JSON.parse(out)).toMatchObject({ name: "numbers", loaded: 2, deadLettered: 1 });
    expect(seen.loaded).toEqual([{ n: "three" }, { n: 4 }]);
    expect(seen.letters).toMatchObject([{ item: 9, attempts: 2 }]);
    expect(kept.size).toBe(0);
    expect(readFileSync(page, "utf8")).toContain("numbers");
  });

  it("fails for a line that is no letter, and names it", async () => {
    writeFileSync(letters, '{"item":1}\n');
    const { code, err } = await runCli(`replay ${letters} several.ts numbers`);
    expect(code).toBe(1);
    expect(err).toContain("Cannot read line 1 as it is not a dead letter");
  });

  it.each([
    ["replay absent.ndjson several.ts numbers", "'letters' must be the path of a file"],
    ["replay several.ts empty.ts", "'exports' must be at least a pipeline"],
    ["replay several.ts several.ts manager", "'name' must be one of endless, failing, flaky, "],
    ["replay several.ts several.ts numbers --set checkpoints=1", "'--set checkpoints' must be"],
    ["replay several.ts several.ts numbers --set partition=p", "'--set partition' must be"],
    ["replay several.ts", "'arguments' must be as in 'millrace replay letters.ndjson file"],
    ["replay a b --dry-run", "'flag' must be a flag of 'replay'"],
  ])("rejects %s", async (line, sentence) => {
    const { code, out, err } = await runCli(line);
    expect(err).toContain(sentence);
    expect([code, out]).toEqual([2, ""]);
  });
});
