import { describe, expect, it } from "vitest";
import { JsonArrayStream } from "../../demo/json-array-stream.ts";

function parsed(pieces: readonly Uint8Array[]): Promise<unknown[][]> {
  const source = new ReadableStream<Uint8Array>({
    start: (output) => {
      for (const piece of pieces) output.enqueue(piece);
      output.close();
    },
  });
  return Array.fromAsync(source.pipeThrough(new JsonArrayStream()));
}

/** What the stream gives for a text that comes in pieces of so many bytes. */
function parse(text: string, size: number): Promise<unknown[][]> {
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, index) => bytes.subarray(index * size, (index + 1) * size),
  );
  return parsed(pieces);
}

const values = [
  ["one", 2, -3.5e7, true, null, {}, []],
  [{ "a,]": '"[{\\', "b\\": [[1], { c: [2, "é]"] }] }, "\\\\", "☃😀", "\u0000"],
  [""],
  [],
];

describe("JsonArrayStream", () => {
  it.each(values)("yields what JSON.parse does, wherever the text is cut: %#", async (...value) => {
    for (const text of [JSON.stringify(value), ` \n${JSON.stringify(value, null, 2)}\r\n`]) {
      const { length } = new TextEncoder().encode(text);
      for (let size = 1; size <= length; size++) {
        expect((await parse(text, size)).flat()).toEqual(value);
      }
    }
  });

  it("yields elements as soon as the comma behind them arrives", async () => {
    expect(await parse("[1,2,33,4]", 5)).toEqual([[1, 2], [33, 4]]);
  });

  it.each(["", "[", "[1", "[1,", '["', "[{}", "1", "{}", '"[]"', "[1]2", "[][]", "[1]]"])(
    "rejects %j, which is not one array",
    async (text) => {
      for (const size of [1, 99]) await expect(parse(text, size)).rejects.toThrow(SyntaxError);
    },
  );

  it.each(["[,]", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[{]}]", "[nul]", "[1}", "[01]"])(
    "rejects %j, in which an element is invalid",
    async (text) => {
      for (const size of [1, 2, 99]) await expect(parse(text, size)).rejects.toThrow(SyntaxError);
    },
  );

  it("rejects bytes that are not UTF-8", async () => {
    const bytes = Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d);
    await expect(parsed([bytes])).rejects.toThrow(TypeError);
  });
});
