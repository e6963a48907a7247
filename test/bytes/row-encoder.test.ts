import { describe, expect, it } from "vitest";
import { encodeEach, rowEncoder, type RowFormat } from "../../src/bytes/row-encoder.ts";
import { BatchError } from "../../src/errors.ts";

const list: RowFormat<number> = {
  head: (rows) => `<${rows.length}`,
  body: (rows) => rows.join("+"),
  separator: ",",
  tail: () => ">",
  extension: "list",
  contentType: "text/plain",
};

async function encoded(chunks: readonly (number | number[])[]): Promise<string> {
  const { readable, writable } = rowEncoder(list);
  const text = new Response(readable).text();
  const writer = writable.getWriter();
  for (const chunk of chunks) await writer.write(chunk);
  await writer.close();
  return await text;
}

describe("rowEncoder", () => {
  it("gives head, bodies with what separates them, and tail", async () => {
    expect(await encoded([[1, 2], [], 3, [4]])).toBe("<21+2,3,4>");
  });

  it("gives head and tail where there are no rows", async () => {
    expect(await encoded([])).toBe("<0>");
    expect(await encoded([[]])).toBe("<0>");
  });

  it("has the parts for whoever writes files", () => {
    const { head, body, tail, extension, contentType, separator } = rowEncoder(list);
    expect([head([1]), body([1, 2]), tail(), extension, contentType, separator])
      .toEqual(["<1", "1+2", ">", "list", "text/plain", ","]);
  });

  it("errors both sides when a row cannot be encoded", async () => {
    const failing = { ...list, body: () => encodeEach([1], () => JSON.stringify(1n)).join() };
    const { readable, writable } = rowEncoder(failing);
    const reading = readable.getReader().read();
    await expect(writable.getWriter().write(1)).rejects.toThrow(BatchError);
    await expect(reading).rejects.toThrow("1 item of the batch failed: Cannot encode row: ");
  });
});

describe("encodeEach", () => {
  it("names every row that cannot be encoded", () => {
    const encode = (row: number) => {
      if (row > 1) throw new Error("too large");
      return `${row}`;
    };
    expect(encodeEach([0, 1], encode)).toEqual(["0", "1"]);
    const error = (() => {
      try {
        return encodeEach([2, 1, 3], encode);
      } catch (thrown) {
        return thrown as BatchError;
      }
    })() as BatchError;
    expect([...error.failures.values()].map(String)).toEqual([
      "TypeError: Cannot encode row: too large (row 0)",
      "TypeError: Cannot encode row: too large (row 2)",
    ]);
  });
});
