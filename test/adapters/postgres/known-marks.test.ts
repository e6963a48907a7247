import { describe, expect, it } from "vitest";
import { KnownMarks } from "../../../src/adapters/postgres/known-marks.ts";

describe("KnownMarks", () => {
  const mark = (text: string) => ({ runId: "run", text });

  it("returns the mark that was committed last", () => {
    const marks = new KnownMarks();
    expect(marks.begin("key")).toBeUndefined();
    marks.end("key", mark("first"));
    expect(marks.begin("other")).toBeUndefined();
    expect(marks.begin("key")).toEqual(mark("first"));
    marks.end("key", mark("second"));
    expect(marks.begin("key")).toEqual(mark("second"));
  });

  it("returns none while another one is under way, or if one came to nothing", () => {
    const marks = new KnownMarks();
    marks.begin("key");
    marks.end("key", mark("first"));
    marks.begin("key");
    expect(marks.begin("key")).toBeUndefined();
    marks.end("key", mark("third"));
    expect(marks.begin("key")).toBeUndefined(); // Nobody knows what became of the second.
    marks.forget("key");
    marks.end("key", mark("fourth"));
    expect(marks.begin("key")).toEqual(mark("fourth"));
  });

  it("keeps no long checkpoint", () => {
    const marks = new KnownMarks();
    marks.begin("key");
    marks.end("key", mark("x".repeat(5000)));
    expect(marks.begin("key")).toBeUndefined();
  });
});
