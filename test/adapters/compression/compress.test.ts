import { describe, expect, it } from "vitest";
import { compress, decompress } from "../../../src/adapters/compression.ts";
import { formatsHere, sample } from "../../support/compressed.ts";

describe("compress", () => {
  it("makes less of much, in every format that is there", async () => {
    const text = new TextDecoder().decode(sample);
    for (const format of await formatsHere()) {
      const packed = new Blob([sample, sample]).stream().pipeThrough(compress(format));
      const bytes = await new Response(packed).bytes();
      expect(bytes.length, format).toBeLessThan(sample.length / 2);
      expect(await new Response(decompress(bytes, { format })).text()).toBe(text + text);
    }
  });

  it("makes a file of nothing", async () => {
    for (const format of await formatsHere()) {
      const packed = new Response(new Blob([]).stream().pipeThrough(compress(format)));
      expect(await new Response(decompress(packed, { format })).text(), format).toBe("");
    }
  });

  it("fails where its input fails", async () => {
    for (const format of await formatsHere()) {
      const input = new ReadableStream<Uint8Array>({
        start: (controller) => controller.error(new Error("gone")),
      });
      await expect(new Response(input.pipeThrough(compress(format))).text()).rejects.toThrow();
    }
  });

  it("refuses what is no format, and one that this platform lacks", async () => {
    expect(() => compress("zip" as "gzip")).toThrow(
      "Cannot compress as 'format' must be \"gzip\" or ",
    );
    const here = await formatsHere();
    for (const format of (["brotli", "zstd"] as const).filter((each) => !here.includes(each))) {
      expect(() => compress(format)).toThrow("'format' must be a format that this platform has");
    }
  });
});
