import { describe, expect, it } from "vitest";
import { CsvText } from "../../../src/adapters/csv/csv-text.ts";

function textOf(text: string, delimiter = ","): CsvText {
  const source = new CsvText(delimiter);
  source.set(text);
  return source;
}

describe("CsvText", () => {
  it("finds what comes next, or the end", () => {
    const text = textOf('a,"b\r\nc\rd');
    expect([text.delimiterFrom(0), text.quoteFrom(0), text.lineEnd(0)]).toEqual([1, 2, 4]);
    expect([text.delimiterFrom(2), text.quoteFrom(3), text.lineEnd(6)]).toEqual([9, 9, 7]);
    expect([text.afterBreak(4), text.afterBreak(7)]).toEqual([6, 8]);
  });

  it("goes back when it is told so", () => {
    const text = textOf("a\nb\nc");
    expect([text.lineEnd(3), text.lineEnd(0)]).toEqual([3, 3]);
    text.rewind();
    expect(text.lineEnd(0)).toBe(1);
    text.rewind();
    expect(text.breaksIn(0, 5)).toBe(2);
  });

  it("finds the quote that closes another", () => {
    const text = textOf('"a""b"');
    expect([text.closeOf(0, false), text.closeOf(0, true)]).toEqual([-1, 5]);
    expect(textOf('"a""', ",").closeOf(0, true)).toBe(-1);
  });

  it("goes behind blanks that are no delimiter", () => {
    expect(textOf('"a" \t,').afterBlanks(3)).toBe(5);
    expect(textOf('"a" \t,', "\t").afterBlanks(3)).toBe(4);
  });

  it("finds the place that so many bytes reach to", () => {
    const text = textOf("aä€😀");
    const places = [0, 1, 2, 3, 5, 6, 8, 10].map((bytes) => text.placeAt(0, 5, bytes));
    expect(places).toEqual([0, 1, 1, 2, 2, 3, 4, 5]);
  });
});
