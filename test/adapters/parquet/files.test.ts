import { describe, expect, it } from "vitest";
import { filesOf } from "../../../src/adapters/parquet/files.ts";
import { ConfigurationError } from "../../../src/index.ts";

const bytes: Uint8Array<ArrayBuffer> = new Uint8Array([1, 2, 3, 4, 5]);

/** The names of files, and what stands in the middle of each. */
async function middles(input: unknown): Promise<[string, number, number[]][]> {
  const found: [string, number, number[]][] = [];
  for await (const { name, open } of filesOf("read Parquet", input)) {
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

  it.each([
    ["a stream", new Blob().stream()],
    ["a response", new Response("")],
    ["a text", "x.parquet"],
    ["nothing", undefined],
    ["an object", {}],
  ])("refuses %s", (_name, input) => {
    expect(() => filesOf("read Parquet", input)).toThrow(ConfigurationError);
  });

  it("refuses it in a list as well, in its turn", async () => {
    await expect(middles([bytes, { name: "x", content: () => new Response("") }])).rejects.toThrow(
      "Cannot read Parquet as 'input' must be a Blob, a Uint8Array, { byteLength, slice } or a " +
        "list of these, as the end of a Parquet file is read first: of a Response or Request its " +
        "blob(), of a stream new Response(stream).blob(), of a path openFiles(path): " +
        "current value is an instance of Response",
    );
  });
});
