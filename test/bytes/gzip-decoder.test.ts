import { describe, expect, it } from "vitest";
import { compressedBytes } from "../../src/bytes/compress.ts";
import { GzipDecoder } from "../../src/bytes/gzip-decoder.ts";
import { crc32, Inflate } from "../../src/bytes/inflate.ts";
import { joined } from "../../src/bytes/joined.ts";
import { chunked, sample } from "../support/compressed.ts";
import { decode } from "../support/decoders.ts";

const gunzip = (chunks: readonly Uint8Array[]) =>
  decode(new GzipDecoder({ inflater: () => new Inflate(), crc32 }), chunks);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A member whose header has what it may have: an extra field, a name, a comment and a check of itself. */
async function withHeader(text: string): Promise<Uint8Array> {
  const plain = await compressedBytes(bytesOf(text), "gzip");
  const header = [...plain.subarray(0, 3), 30, ...plain.subarray(4, 10)];
  const fields = [3, 0, 1, 2, 3, ...bytesOf("name\0comment\0"), 9, 9];
  return Uint8Array.from([...header, ...fields, ...plain.subarray(10)]);
}

describe("GzipDecoder", () => {
  it("reads members with all that a header may have, split at any byte", async () => {
    const [one, two] = [await withHeader("one"), await withHeader("two")];
    const file = joined([one, new Uint8Array(5), two, new Uint8Array(700)]);
    for (let at = 0; at < one.length + two.length + 9; at++) {
      const { bytes, error } = await gunzip([file.subarray(0, at), file.subarray(at)]);
      expect([textOf(bytes), error], `split at ${at}`).toEqual(["onetwo", undefined]);
    }
    expect(textOf((await gunzip(chunked(file, 1))).bytes)).toBe("onetwo");
  });

  it("fails wherever it is cut, after what came before", async () => {
    const [one, two] = [await withHeader("one"), await withHeader("two")];
    const file = joined([one, two]);
    for (let end = 0; end < file.length; end++) {
      if (end === one.length) continue;
      const { bytes, error } = await gunzip([file.subarray(0, end)]);
      expect(error, `cut at ${end}`).toBe("unexpected end of data");
      expect("onetwo").toContain(textOf(bytes));
      if (end > one.length) expect(textOf(bytes)).toMatch(/^one/);
    }
  });

  it.each<[string, (member: Uint8Array) => Uint8Array]>([
    ["incorrect header check", (member) => Uint8Array.of(1, ...member)],
    ["unknown header flags set", (member) => member.with(3, 0x80)],
    ["incorrect data check", (member) => member.with(-8, member.at(-8)! ^ 1)],
    ["incorrect length check", (member) => member.with(-4, member.at(-4)! ^ 1)],
    ["further bytes follow the end of the data", (member) => joined([member, bytesOf("junk")])],
  ])("tells of %s", async (words, spoil) => {
    const { error } = await gunzip([spoil(await compressedBytes(sample, "gzip"))]);
    expect(error).toBe(words);
  });
});
