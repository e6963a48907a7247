import { describe, expect, it } from "vitest";
import { encodeNdjson } from "../../../src/adapters/ndjson.ts";
import { BatchError } from "../../../src/index.ts";

describe("encodeNdjson", () => {
  it("writes a line for each row, by what JSON makes of it", () => {
    const { head, body, tail, extension, contentType } = encodeNdjson();
    const rows = [{ a: "é\n" }, [1], null, new Date(0), { toJSON: () => 5 }, { a: undefined }];
    expect(body(rows)).toBe('{"a":"é\\n"}\n[1]\nnull\n"1970-01-01T00:00:00.000Z"\n5\n{}\n');
    expect([head([]), body([]), tail(), extension, contentType])
      .toEqual(["", "", "", "ndjson", "application/x-ndjson"]);
  });

  it("names the rows that have no JSON", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const rows = [1, undefined, 2n, circle, () => 1, { toJSON: () => undefined }, 3];
    const error = (() => {
      try {
        return encodeNdjson().body(rows);
      } catch (thrown) {
        return thrown;
      }
    })() as BatchError;
    expect(error).toBeInstanceOf(BatchError);
    expect([...error.failures.keys()]).toEqual([1, 2, 3, 4, 5]);
    expect(error.failures.get(1)).toHaveProperty(
      "message",
      "Cannot encode row: undefined has no JSON (row 1)",
    );
  });

  it("takes rows and arrays of rows", async () => {
    const { readable, writable } = encodeNdjson<number | number[]>();
    const text = new Response(readable).text();
    const writer = writable.getWriter();
    for (const chunk of [1, [2, 3], [[4]]]) await writer.write(chunk as number);
    await writer.close();
    expect(await text).toBe("1\n2\n3\n[4]\n");
  });
});
