import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.ts";
import { isWritableStream, openWriter } from "../../src/dead-letters/writer.ts";

describe("openWriter()", () => {
  it("locks the stream and returns its writer", async () => {
    const written: string[] = [];
    const stream = new WritableStream<string>({ write: (text) => void written.push(text) });
    await openWriter("keep letters", "deadLetters", stream).write("one");
    expect([stream.locked, written]).toEqual([true, ["one"]]);
  });

  const locked = new WritableStream();
  locked.getWriter();
  it.each([[undefined, "undefined"], [new ReadableStream(), "an instance of ReadableStream"], [
    locked,
    "an instance of WritableStream",
  ]])("throws for %o with the whole sentence", (given, shown) => {
    const rule = "an unlocked WritableStream";
    const sentence =
      `Cannot keep letters as 'deadLetters' must be ${rule}: current value is ${shown}`;
    expect(() => openWriter("keep letters", "deadLetters", given as WritableStream)).toThrow(
      new ConfigurationError(sentence),
    );
  });

  it("leaves no unhandled rejection if the stream fails while nobody writes", async () => {
    let fail = (_: unknown) => {};
    const stream = new WritableStream({ start: (output) => void (fail = (e) => output.error(e)) });
    const writer = openWriter("keep letters", "deadLetters", stream);
    fail(new Error("disk full")); // The runner reports what nobody handles.
    await expect(writer.write("late")).rejects.toThrow("disk full");
  });
});

describe("isWritableStream()", () => {
  it("knows a stream of another realm by its method", () => {
    expect(isWritableStream({ getWriter() {} })).toBe(true);
    expect([null, undefined, {}, 5].some(isWritableStream)).toBe(false);
  });
});
