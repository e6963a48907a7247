import { describe, expect, it } from "vitest";
import { readCsv } from "../../src/adapters/csv.ts";
import { told as everything } from "../support/told.ts";

/** The files of the suite, by path, as text: without a file system, as in a browser. */
const texts = (import.meta as unknown as {
  glob(pattern: string | string[], options: object): Record<string, string>;
}).glob(
  ["../../node_modules/csv-spectrum/csvs/*.csv", "../../node_modules/csv-spectrum/json/*.json"],
  { query: "?raw", import: "default", eager: true },
);
const named = (ending: string) =>
  Object.entries(texts).filter(([path]) => path.endsWith(ending))
    .map(([path, text]) => [/(\w+)\.\w+$/.exec(path)![1]!, text] as const);

// csv-spectrum by Max Ogden.
describe("csv-spectrum", () => {
  const expected = new Map(named(".json"));

  it("has 12 files", () => expect(named(".csv").length).toBe(12));

  it.each(named(".csv"))("is read, wherever it is cut: %s", async (name, text) => {
    const told = JSON.parse(expected.get(name)!);
    // One is told of as an object, and with a number that its file does not have.
    const rows = Array.isArray(told) ? told : [{ ...told, "Contact Phone Number": "2095257564" }];
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at++) {
      const chunks = [bytes.slice(0, at), bytes.slice(at)];
      expect(await everything(readCsv(chunks)), `cut at ${at}`).toEqual(rows);
    }
  });
});
