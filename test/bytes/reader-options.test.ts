import { describe, expect, it } from "vitest";
import { readerOptions } from "../../src/bytes/reader-options.ts";
import { checkOptions } from "../../src/plain-options.ts";

describe("readerOptions", () => {
  it("has defaults", () => {
    expect(checkOptions("read", {}, readerOptions)).toEqual({
      decompress: "auto",
      encoding: undefined,
      maxRecordBytes: 16_777_216,
      malformed: "error",
    });
  });

  it.each([
    [{ encoding: "utf-9" }, "the name of an encoding, such as utf-8, utf-16le or windows-1252"],
    [{ malformed: "drop" }, '"error" or "item": current value is "drop"'],
    [{ maxRecordBytes: 0 }, "a positive integer or Infinity: current value is 0"],
  ])("refuses %j", (options, words) => {
    expect(() => checkOptions("read", options as object, readerOptions)).toThrow(words);
  });
});
