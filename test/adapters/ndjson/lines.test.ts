import { describe, expect, it } from "vitest";
import { lines } from "../../../src/adapters/ndjson.ts";
import { told } from "../../support/told.ts";

describe("lines", () => {
  it("gives every line without its break", async () => {
    expect(await told(lines(["a\r\n\n b", "c\rd\n", "\n"]))).toEqual(["a", "", " bc\rd", ""]);
    expect(await told(lines([""]))).toEqual([]);
  });

  it("tells where they are", async () => {
    expect(await told(lines(["ä\n\r\nb"], { positions: true }))).toEqual([
      { value: "ä", line: 1, end: 3 },
      { value: "", line: 2, end: 5 },
      { value: "b", line: 3, end: 6 },
    ]);
  });

  it("gives those of each input", async () => {
    expect(await told(lines([["a"], ["b\n"], [""]]))).toEqual(["a", "b"]);
  });
});
