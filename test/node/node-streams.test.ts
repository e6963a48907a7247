import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { decompress } from "../../src/adapters/compression.ts";

it("reads a file by a stream of Node, and tells which one is missing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-"));
  try {
    const path = join(folder, "a.gz");
    writeFileSync(path, gzipSync("text"));
    expect(await new Response(decompress(createReadStream(path))).text()).toBe("text");
    const missing = decompress(createReadStream(join(folder, "none")));
    await expect(new Response(missing).text()).rejects.toThrow("ENOENT");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("destroys a stream of Node whose read is pending", async () => {
  const input = new PassThrough();
  const reader = decompress(input).getReader();
  const reading = reader.read();
  await reader.cancel();
  expect((await reading).done).toBe(true);
  expect(input.destroyed).toBe(true);
});
