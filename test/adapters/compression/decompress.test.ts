import { describe, expect, it } from "vitest";
import { compress, decompress } from "../../../src/adapters/compression.ts";

const pack = (text: string) =>
  new Response(new Blob([text]).stream().pipeThrough(compress("gzip"))).blob();
const textOf = (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => new Response(stream).text();

describe("decompress", () => {
  it("gives the bytes of each input after those of the one before", async () => {
    const inputs = [
      { name: "a", content: await pack("one ") },
      { name: "b", content: ["two "] },
      new Response(await pack("three")),
    ];
    expect(await textOf(decompress(inputs))).toBe("one two three");
  });

  it("gives what comes before a cut, and then names the file", async () => {
    const file = await pack("a long text, which is cut".repeat(50));
    const cut = { name: "log.gz", content: file.slice(0, -3) };
    const reader = decompress(cut).getReader();
    expect((await reader.read()).value?.length).toBe(1250);
    await expect(reader.read()).rejects.toMatchObject({
      name: "InputError",
      message: `Cannot read gzip data: unexpected end of data (log.gz, after ${
        file.size - 3
      } bytes)`,
      input: "log.gz",
      byte: file.size - 3,
    });
  });

  it("counts the bytes of each input by itself", async () => {
    expect(await textOf(decompress([["1234"], ["5678"]], { maxBytes: 4 }))).toBe("12345678");
    await expect(Array.fromAsync(decompress([["12345"]], { maxBytes: 4 }))).rejects.toThrow(
      "'maxBytes'",
    );
  });

  it("cancels the input while a read is pending", async () => {
    const reasons: unknown[] = [];
    const input = new ReadableStream<Uint8Array>({ cancel: (reason) => void reasons.push(reason) });
    const reader = decompress(input, { format: "gzip" }).getReader();
    const reading = reader.read();
    await reader.cancel("enough");
    expect((await reading).done).toBe(true);
    expect(reasons).toEqual(["enough"]);
  });

  it.each([
    [{ format: "zip" }, 'Cannot decompress as \'format\' must be "auto" or "none" or "gzip" or '],
    [
      { maxBytes: 0 },
      "Cannot decompress as 'maxBytes' must be a positive integer or Infinity: curr",
    ],
    [{ limit: 1 }, "Cannot decompress as 'limit' must be a known option, perhaps "],
  ])("refuses %j", (options, words) => {
    expect(() => decompress(["a"], options as object)).toThrow(words);
  });
});
