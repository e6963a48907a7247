import { describe, expect, it } from "vitest";
import { chunks, etl, malformed } from "../../../src/index.ts";
import { filter, flatMap, map, pipe, streamOf, tap } from "../../../src/adapters/operators.ts";
import { readAll, streamOf as given } from "../../support/streams/streams.ts";

const square = (n: number) => n * n;

async function* generated(): AsyncGenerator<number> {
  yield* [1, 2, 3, 4];
}

const sources = {
  "an array": () => [1, 2, 3, 4],
  "an iterable": () => new Set([1, 2, 3, 4]),
  "an async generator": generated,
  "a stream": () => given([1, 2, 3, 4]),
  "chunks of an array": () => chunks([[1, 2], [], [3, 4]]),
  "chunks of a stream": () => chunks(given([[1], [2, 3, 4]])),
  "another pipe": () => pipe([2, 3, 4, 5], map((n) => n - 1)),
};

describe("pipe", () => {
  it.each(Object.entries(sources))("reads %s", async (_, source) => {
    const piped = pipe(source(), filter((n) => n > 1), map(square), flatMap((n) => [n, -n]));
    expect(await readAll(streamOf(piped))).toEqual({ chunks: [4, -4, 9, -9, 16, -16] });
  });

  it("gives a source that a run reads, with malformed items in their place", async () => {
    const loaded: number[] = [];
    const broken: unknown[] = [];
    const pages = chunks([[1, 2, malformed("x", new Error("broken"))], [3]]);
    const report = await etl({
      name: "numbers",
      extract: () => pipe(pages, map(square), tap(() => {}), map(async (n) => n + 1)),
      load: (rows) => void loaded.push(...rows),
    }).run({ deadLetters: new WritableStream({ write: ({ item }) => void broken.push(item) }) });
    expect(loaded).toEqual([2, 5, 10]);
    expect(broken).toEqual(["x"]);
    expect(report).toMatchObject({ extracted: 4, loaded: 3, deadLettered: 1 });
  });

  it.each([
    [undefined, "undefined"],
    ["abc", '"abc"'],
    [42, "42"],
  ])("refuses %o as a source", (source, words) => {
    expect(() => pipe(source as never)).toThrow(
      /^Cannot pipe items as 'source' must be .*: current value is /,
    );
    expect(() => pipe(source as never)).toThrow(`current value is ${words}`);
  });

  it("tells the bytes that its source has read", () => {
    const stream = Object.assign(given([[1]]), { bytesRead: 5 });
    const { source } = pipe(pipe(chunks(stream), map(square)), map(square));
    expect(source).toHaveProperty("bytesRead", 5);
    expect(pipe(chunks([[1]])).source).not.toHaveProperty("bytesRead");
  });

  it("refuses what is no operator", () => {
    expect(() => pipe([1], square as never)).toThrow(
      "Cannot pipe items as 'operators' must be operators like map(…) or filter(…): " +
        "current value is a function",
    );
  });
});
