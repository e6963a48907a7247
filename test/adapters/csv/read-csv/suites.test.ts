import { describe, expect, it } from "vitest";
import { readCsv } from "../../../../src/adapters/csv.ts";
import { papaparseCases } from "../../../support/csv/papaparse-cases.ts";
import { rowsOf } from "../../../support/csv/read.ts";
import { spectrum } from "../../../support/csv/spectrum.ts";

describe("csv-spectrum", () => {
  it.each(spectrum)("$name", async ({ csv, rows }) => {
    expect(await rowsOf(readCsv([csv]))).toEqual(rows);
    expect(await rowsOf(readCsv([...csv]))).toEqual(rows); // Character by character.
  });
});

describe("the cases of papaparse", () => {
  it.each(papaparseCases)("$name", async ({ text, delimiter = ",", comment, broken = 0, rows }) => {
    const options = { delimiter, comment, header: false, malformed: "item" } as const;
    const found: unknown[] = await rowsOf(readCsv([text], options));
    expect(found.filter((row) => !(row instanceof Error))).toEqual(rows);
    expect(found.filter((row) => row instanceof Error)).toHaveLength(broken);
  });
});
