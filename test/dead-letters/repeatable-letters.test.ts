import { describe, expect, it } from "vitest";
import { letterSinkOf, repeatableLetters } from "../../src/dead-letters/repeatable-letters.ts";
import { letterOf } from "../support/dead-letters/letters.ts";

describe("repeatableLetters()", () => {
  it("passes each letter of the stream to the sink, with a signal", async () => {
    const kept: unknown[] = [];
    const stream = repeatableLetters({
      write: (letter, { signal }) => kept.push([letter, signal.aborted]),
    });
    const writer = stream.getWriter();
    await writer.write(letterOf(1));
    await writer.close();
    expect(kept).toEqual([[letterOf(1), false]]);
  });

  it("has a sink that may be called again after the stream has failed", async () => {
    let calls = 0;
    const sink = {
      write: () => {
        if (calls++ === 0) throw new Error("busy");
      },
    };
    const stream = repeatableLetters(sink);
    await expect(stream.getWriter().write(letterOf(1))).rejects.toThrow("busy");
    expect(letterSinkOf(stream)).toBe(sink);
    letterSinkOf(stream)!.write(letterOf(1), { signal: new AbortController().signal });
    expect(calls).toBe(2);
  });

  it("is told from a stream whose writes cannot be repeated", () => {
    expect(letterSinkOf(new WritableStream())).toBeUndefined();
  });
});
