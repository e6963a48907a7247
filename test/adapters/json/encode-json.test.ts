import { describe, expect, it } from "vitest";
import { encodeJson, readJson } from "../../../src/adapters/json.ts";
import { told } from "../../support/told.ts";

async function encoded(chunks: readonly unknown[]): Promise<string> {
  const { readable, writable } = encodeJson();
  const text = new Response(readable).text();
  const writer = writable.getWriter();
  for (const chunk of chunks) await writer.write(chunk);
  await writer.close();
  return await text;
}

describe("encodeJson", () => {
  it.each<[unknown[], unknown[]]>([
    [[], []],
    [[[]], []],
    [[1, [2, 3], { a: "é" }], [1, 2, 3, { a: "é" }]],
  ])("makes an array of %j", async (chunks, expected) => {
    const text = await encoded(chunks);
    expect(JSON.parse(text)).toEqual(expected);
    expect(await told(readJson([text]))).toEqual(expected);
  });

  it("has the parts for whoever writes files", () => {
    const { head, body, tail, separator, extension, contentType } = encodeJson();
    expect(head([1]) + [body([1, 2]), body([3])].join(separator) + tail()).toBe(
      "[\n1,\n2,\n3\n]\n",
    );
    expect([extension, contentType]).toEqual(["json", "application/json"]);
    expect(() => body([1, 2n])).toThrow("(row 1)");
  });
});
