import { describe, expect, it } from "vitest";
import { filesOf } from "../../../src/adapters/parquet/files.ts";
import { ConfigurationError } from "../../../src/index.ts";

const bytes: Uint8Array<ArrayBuffer> = new Uint8Array([1, 2, 3, 4, 5]);

const { signal } = new AbortController();

/** The names of files, and what stands in the middle of each. */
async function middles(input: unknown, maxBytes?: number): Promise<[string, number, number[]][]> {
  const found: [string, number, number[]][] = [];
  for await (const { name, open } of filesOf("read Parquet", input, { maxBytes, signal })) {
    const bytes = await open();
    found.push([name, bytes.byteLength, [...new Uint8Array(await bytes.slice(1, 3))]]);
  }
  return found;
}

describe("filesOf", () => {
  it.each<[string, unknown, string]>([
    ["a Blob", new Blob([bytes]), ""],
    ["a File", new File([bytes], "f"), "f"],
    ["an ArrayBuffer", bytes.buffer, ""],
    ["bytes", bytes, ""],
    ["bytes in a larger buffer", new Uint8Array([9, ...bytes, 9]).subarray(1, 6), ""],
    ["{ byteLength, slice }", {
      byteLength: 5,
      slice: () => Promise.resolve(bytes.slice(1, 3).buffer),
    }, ""],
    ["{ name, content }", { name: "n", content: bytes }, "n"],
    ["a function that opens it", { name: "n", content: () => Promise.resolve(bytes) }, "n"],
    ["a file that can do both", {
      name: "n",
      byteLength: 5,
      slice: () => bytes.slice(1, 3).buffer,
      content: () => 1,
    }, "n"],
  ])("reads parts of %s", async (_name, input, name) => {
    expect(await middles(input)).toEqual([[name, 5, [2, 3]]]);
  });

  it("takes lists, and numbers what has no name", async () => {
    async function* list() {
      yield new File([bytes], "f");
      yield await bytes;
    }
    const files = [["f", 5, [2, 3]], ["input 2", 5, [2, 3]]];
    expect(await middles(list())).toEqual(files);
    expect(await middles([new File([bytes], "f"), bytes])).toEqual(files);
    expect(await middles([])).toEqual([]);
  });

  it("takes streams and bodies into memory, up to their most bytes", async () => {
    const response = () => new Response(bytes);
    const list = [new Blob([bytes]).stream(), response(), { name: "n", content: response }];
    expect(await middles(list, 5))
      .toEqual([["input 1", 5, [2, 3]], ["input 2", 5, [2, 3]], ["n", 5, [2, 3]]]);
    await expect(middles({ name: "n", content: response }, 4)).rejects.toThrow(
      "Cannot read Parquet: it has more than 4 bytes (n, after 5 bytes)",
    );
    await expect(middles(new Response(null, { status: 404 }), 5)).rejects.toThrow(
      "'input' must be a response with a status of success: current value is 404",
    );
  });

  it("ends a stream that has too many bytes, or is no longer wanted", async () => {
    const ends: unknown[] = [];
    const endless = (isPending: boolean) =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => isPending ? new Promise(() => {}) : controller.enqueue(bytes.slice()),
        cancel: (reason) => void ends.push(reason),
      });
    await expect(middles(endless(false), 99)).rejects.toThrow("more than 99 bytes");
    const stop = new AbortController();
    const files = filesOf("read", endless(true), { maxBytes: 99, signal: stop.signal });
    const opened = (await files.next()).value!.open();
    await Promise.resolve();
    stop.abort("enough");
    await opened;
    expect(ends).toEqual([undefined, "enough"]);
  });

  it.each([
    ["a stream", new Blob().stream()],
    ["a response", new Response("")],
    ["a response without a body", new Response(null)],
  ])("refuses %s without its most bytes", (_name, input) => {
    expect(() => filesOf("read Parquet", input, { maxBytes: undefined, signal })).toThrow(
      "Cannot read Parquet as 'maxBytes' must be given for a stream, Response or Request, which is " +
        "read into memory as a whole, since a Parquet file is read from its end: current " +
        "value is undefined",
    );
  });

  it.each([
    ["a text", "x.parquet"],
    ["nothing", undefined],
    ["an object", {}],
  ])("refuses %s", async (_name, input) => {
    expect(() => filesOf("read Parquet", input, { maxBytes: 9, signal })).toThrow(
      "Cannot read Parquet as 'input' must be a Blob, a Uint8Array, { byteLength, slice }, a " +
        "Response, a stream, a list of these, or openFiles(path): current value is ",
    );
    await expect(middles([bytes, { name: "x", content: () => input }])).rejects.toThrow(
      ConfigurationError,
    );
  });
});
