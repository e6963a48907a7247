import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { ConfigurationError, EtlError } from "../../src/errors.ts";
import { encodeLetter } from "../../src/dead-letters/dead-letter-json.ts";
import { ndjsonDeadLetters, readDeadLetters } from "../../src/dead-letters/ndjson-dead-letters.ts";
import { letterOf } from "../support/dead-letters/letters.ts";
import { outcomeOf, turns } from "../support/outcomes/outcome.ts";
import { FedStream, readAll, streamOf } from "../support/streams/streams.ts";

const error = new Error("disk full");
const text = '{"item":1,"error":"no","stage":"load","attempts":2,"offset":4,"at":0}';
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A stream of bytes that keeps what is written. */
function memory(sink: UnderlyingSink<Uint8Array> = {}) {
  const written: Uint8Array[] = [];
  const writable = new WritableStream<Uint8Array>({
    write: (bytes) => void written.push(bytes),
    ...sink,
  });
  return { written, writable };
}

const noStreams: [unknown, string][] = [
  ["letters.ndjson", `"letters.ndjson"`],
  [undefined, "undefined"],
  [null, "null"],
  [5, "5"],
  [{}, "an object"],
  [[letterOf(1)], "an array of 1"],
];

const read = async (...pieces: (string | Uint8Array)[]) =>
  await readAll(
    readDeadLetters(streamOf(pieces.map((p) => typeof p === "string" ? bytesOf(p) : p))),
  );

describe("ndjsonDeadLetters()", () => {
  it.each<[string, (writer: WritableStreamDefaultWriter) => unknown, UnderlyingSink<Uint8Array>]>([
    ["closed", (writer) => writer.close(), {}],
    ["closed, which fails", (writer) => writer.close(), { close: () => Promise.reject(error) }],
    ["aborted", (writer) => writer.abort(error), {}],
    ["aborted, which fails", (writer) => writer.abort(), { abort: () => Promise.reject(error) }],
    ["failed", (writer) => writer.write(letterOf(1)), { write: () => Promise.reject(error) }],
  ])("unlocks its stream once it has %s", async (_, end, sink) => {
    const { writable } = memory(sink);
    const writer = ndjsonDeadLetters(writable).getWriter();
    writer.closed.catch(() => {});
    expect(writable.locked).toBe(true);
    await Promise.allSettled([end(writer)]);
    expect(writable.locked).toBe(false);
  });

  it.each([
    ...noStreams,
    [new ReadableStream(), "an instance of ReadableStream"],
  ])("throws for %o, which is not a WritableStream", (given, shown) => {
    const rule = "an unlocked WritableStream";
    const words =
      `Cannot write dead letters as 'writable' must be ${rule}: current value is ${shown}`;
    expect(() => ndjsonDeadLetters(given as never)).toThrow(new ConfigurationError(words));
  });

  it("throws for a locked stream", () => {
    const { writable } = memory();
    writable.getWriter();
    expect(() => ndjsonDeadLetters(writable)).toThrow(ConfigurationError);
  });

  it("writes one line of JSON in UTF-8 for each letter", async () => {
    const { written, writable } = memory();
    const writer = ndjsonDeadLetters(writable).getWriter();
    await writer.write(letterOf("é\n\u{1F600}", { error: "no", row: 7n }));
    const facts = '"stage":"transform","attempts":1,"pipeline":"letters","runId":"run-1"';
    const row = '"row":{"$":"bigint","value":"7"}';
    const line =
      `{"item":"é\\n\u{1F600}","error":"no",${facts},"offset":0,"at":1700000000000,${row}}\n`;
    expect(written).toEqual([bytesOf(line)]);
  });

  it("settles a write when the bytes are written, and applies backpressure", async () => {
    const releases: (() => void)[] = [];
    const { writable } = memory({ write: () => new Promise((resolve) => releases.push(resolve)) });
    const writer = ndjsonDeadLetters(writable).getWriter();
    const written = [1, 2].map((item) => outcomeOf(writer.write(letterOf(item))));
    await turns();
    expect([releases.length, writer.desiredSize]).toEqual([1, -1]);
    expect(written.map(({ state }) => state)).toEqual(["pending", "pending"]);
    releases[0]!();
    await turns();
    expect(written.map(({ state }) => state)).toEqual(["fulfilled", "pending"]);
    expect([releases.length, writer.desiredSize]).toEqual([2, 0]);
  });

  it("fails with the error of the byte stream", async () => {
    const { writable } = memory({ write: () => Promise.reject(error) });
    const writer = ndjsonDeadLetters(writable).getWriter();
    writer.closed.catch(() => {});
    await expect(writer.write(letterOf(1))).rejects.toBe(error);
  });

  it("closes and aborts the byte stream", async () => {
    const ends: unknown[] = [];
    const sink = {
      close: () => void ends.push("close"),
      abort: (reason: unknown) => void ends.push(reason),
    };
    await ndjsonDeadLetters(memory(sink).writable).close();
    await ndjsonDeadLetters(memory(sink).writable).abort(error);
    expect(ends).toEqual(["close", error]);
  });

  it("leaves no unhandled rejection if the bytes fail and nobody writes", async () => {
    let fail = (_: unknown) => {};
    const { writable } = memory({
      start: (controller) => void (fail = (e) => controller.error(e)),
    });
    const letters = ndjsonDeadLetters(writable);
    fail(error);
    await turns();
    await expect(letters.getWriter().write(letterOf(1))).rejects.toBe(error);
  });
});

describe("readDeadLetters()", () => {
  it.each([
    ...noStreams,
    [new WritableStream(), "an instance of WritableStream"],
  ])("throws for %o, which is not a ReadableStream", (given, shown) => {
    const rule = "an unlocked ReadableStream";
    const words =
      `Cannot read dead letters as 'readable' must be ${rule}: current value is ${shown}`;
    expect(() => readDeadLetters(given as never)).toThrow(new ConfigurationError(words));
  });

  it("throws for a locked stream", () => {
    const readable = streamOf<Uint8Array>([]);
    readable.getReader();
    expect(() => readDeadLetters(readable)).toThrow(ConfigurationError);
  });

  it("yields what was written, however the bytes are split", async () => {
    const items = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.bigInt(), fc.date()));
    const property = fc.asyncProperty(
      ...[items, fc.infiniteStream(fc.integer({ min: 1, max: 40 })), fc.boolean()] as const,
      async (items, sizes, hasReturns) => {
        const { written, writable } = memory();
        const writer = ndjsonDeadLetters(writable).getWriter();
        const letters = items.map((item, offset) => letterOf(item, { offset, error: 7n }));
        for (const letter of letters) await writer.write(letter);
        const decoded = written.map((bytes) => new TextDecoder().decode(bytes)).join("");
        const bytes = bytesOf(hasReturns ? decoded.replaceAll("\n", "\r\n\r\n") : decoded);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length;) {
          const size = sizes.next().value;
          pieces.push(bytes.slice(at, at += size));
        }
        expect(await read(...pieces)).toStrictEqual({ chunks: letters });
      },
    );
    await fc.assert(property, { seed: 20_261_122, numRuns: 50 });
  });

  it.each<[string, (fed: FedStream<Uint8Array>) => unknown]>([
    ["ended", (fed) => fed.close()],
    ["failed", (fed) => fed.fail(error)],
    ["given something else", (fed) => fed.give(bytesOf("hello\n"))],
  ])("unlocks its stream once that has %s", async (_, end) => {
    const fed = new FedStream<Uint8Array>();
    const letters = readDeadLetters(fed.stream);
    end(fed);
    expect(fed.stream.locked).toBe(true);
    await readAll(letters);
    expect(fed.stream.locked).toBe(false);
  });

  it("unlocks its stream when it is cancelled, even while a read is pending", async () => {
    for (const waits of [false, true]) {
      const fed = new FedStream<Uint8Array>();
      const letters = readDeadLetters(fed.stream).getReader();
      const pending = waits ? letters.read() : undefined;
      await letters.cancel(error);
      await pending;
      await turns();
      expect(fed.stream.locked).toBe(false);
    }
  });

  it("scans each chunk of a long line only once", async () => {
    const item = "long".repeat(50_000);
    const bytes = bytesOf(`${encodeLetter(letterOf(item, { error: "no" }))}\n`);
    const pieces = Array.from(
      { length: Math.ceil(bytes.length / 64) },
      (_, n) => bytes.slice(n * 64, n * 64 + 64),
    );
    const split = vi.spyOn(String.prototype, "split");
    const { chunks } = await read(...pieces);
    const looked = split.mock.contexts.reduce<number>((sum, text) => sum + `${text}`.length, 0);
    split.mockRestore();
    expect(chunks.map((letter) => letter.item)).toEqual([item]);
    expect(looked).toBeLessThan(2 * bytes.length);
  });

  it("accepts a last line without a line feed", async () => {
    const { chunks } = await read(`${text}\n${text}`);
    expect(chunks.map(({ offset }) => offset)).toEqual([4, 4]);
  });

  it.each([[[]], [[""]], [["\n\n", "\r\n"]]])("yields nothing for %j", async (pieces) => {
    expect(await read(...pieces)).toEqual({ chunks: [] });
  });

  it.each<[string, (string | Uint8Array)[], number, number]>([
    ["torn", [`${text}\n\n${text}\n{"item":1,"sta`], 2, 4],
    ["torn within a character", [`${text}\n`, bytesOf('{"item":"é').slice(0, -1)], 1, 2],
    ["no JSON", ["hello\n", text], 0, 1],
    ["no letter", [`${text}\n[1]\n${text}`], 1, 2],
    ["null", ["null"], 0, 1],
    ["of no stage", [text.replace("load", "finalize")], 0, 1],
    ["without attempts", [text.replace('"attempts":2,', "")], 0, 1],
    ["without a place", [text.replace('"offset":4,', "")], 0, 1],
  ])("names the line that is %s, after the letters before it", async (_, pieces, before, line) => {
    const { chunks, error } = await read(...pieces);
    expect(chunks.length).toBe(before);
    expect(error).toEqual(new EtlError(`Cannot read line ${line} as it is not a dead letter`));
  });

  it("has the error of JSON.parse() as its cause if a line is invalid", async () => {
    const { error } = await read("hello");
    expect((error as Error).cause).toBeInstanceOf(SyntaxError);
  });

  it("cancels the byte stream after it has failed", async () => {
    const fed = new FedStream<Uint8Array>();
    const letters = readDeadLetters(fed.stream).getReader();
    fed.give(bytesOf("hello\n"));
    const failure = await letters.read().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EtlError);
    expect(fed.cancelled).toEqual([failure]);
  });

  it("cancels the byte stream, even while a read is pending", async () => {
    const fed = new FedStream<Uint8Array>();
    const letters = readDeadLetters(fed.stream).getReader();
    const pending = letters.read();
    await letters.cancel(error);
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(fed.cancelled).toEqual([error]);
  });

  it("fails with the error of the byte stream", async () => {
    const fed = new FedStream<Uint8Array>();
    const letters = readDeadLetters(fed.stream);
    fed.fail(error);
    expect(await readAll(letters)).toEqual({ chunks: [], error });
  });

  it("reads no further than necessary", async () => {
    const fed = new FedStream<Uint8Array>((output) => output.enqueue(bytesOf(`${text}\n`)));
    const letters = readDeadLetters(fed.stream).getReader();
    await turns();
    expect(fed.pulls).toBe(0);
    await letters.read();
    await turns();
    expect(fed.pulls).toBe(1);
  });
});
