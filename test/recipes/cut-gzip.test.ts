import { expect, it } from "vitest";
import { etl, type EtlError } from "../../src/index.ts";
import { errorOf } from "../support/outcomes/error-of.ts";

/** A gzip of some text, of which the end is missing. */
async function cutGzip(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const text = Array.from({ length: 5000 }, (_, n) => `${n * 7919 % 4999}`).join("\n");
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  return new Blob([bytes.slice(0, bytes.length >> 1)]).stream();
}

it("a truncated gzip fails with more than the class of its error", async () => {
  const body = await cutGzip();
  const error = await errorOf(
    etl({
      name: "cut",
      extract: () => body.pipeThrough(new DecompressionStream("gzip")),
      load: () => {},
    }).run(),
  ) as EtlError;
  expect(error.message).toMatch(/^Pipeline "cut" failed in extract: .*\w{3,} \w{2,}/);
  expect(error.message).not.toMatch(/extract: \w*Error$/);
  expect(error.report!.failure).toMatchObject({ stage: "extract", attempts: 1 });
  expect(error.message).toContain(error.report!.failure!.message);
});
