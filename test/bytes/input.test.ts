import { describe, expect, it } from "vitest";
import { type Input, InputList } from "../../src/bytes/input.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** The names and the text of all inputs. */
async function read(input: unknown): Promise<[name: string, text: string][]> {
  const list = new InputList("read", input);
  const all: [string, string][] = [];
  for (let source = await list.next(); source; source = await list.next()) {
    const decoder = new TextDecoder();
    let text = "";
    for (let chunk = await source.read(); chunk; chunk = await source.read()) {
      text += decoder.decode(chunk, { stream: true });
    }
    all.push([source.name, text]);
  }
  return all;
}

/** A stream that never ends, and tells of its cancellation. */
function endless(told: unknown[]): ReadableStream<string> {
  return new ReadableStream({ cancel: (reason) => void told.push(reason) });
}

describe("InputList", () => {
  it.each<[string, () => Input]>([
    ["a Blob", () => new Blob(["ab", "c"])],
    ["a Response", () => new Response("abc")],
    ["a Request", () => new Request("http://localhost/", { method: "POST", body: "abc" })],
    ["bytes", () => bytes("abc")],
    ["a stream of bytes", () => new Blob(["abc"]).stream()],
    ["a stream of text", () => new Blob(["abc"]).stream().pipeThrough(new TextDecoderStream())],
    ["an array of bytes", () => [bytes("a"), bytes(""), bytes("bc")]],
    ["an array of text", () => ["a", "", "bc"]],
    ["an iterable", () => new Set(["a", "bc"])],
    ["an async iterable", () =>
      (async function* () {
        yield bytes("ab");
        yield bytes("c");
      })()],
  ])("reads %s", async (_, input) => {
    const [[, text = ""] = []] = await read(input());
    expect(text).toBe("abc");
  });

  it("reads a list, each with its name", async () => {
    const inputs = [
      new File(["1"], "one.txt"),
      { name: "two", content: ["2"] },
      { name: "three", content: () => Promise.resolve(new Blob(["3"])) },
      new Blob(["4"]),
      ["5a", "5b"],
    ];
    const expected = [["one.txt", "1"], ["two", "2"], ["three", "3"], ["input 4", "4"], [
      "input 5",
      "5a5b",
    ]];
    expect(await read(inputs)).toEqual(expected);
    expect(
      await read((async function* () {
        yield* inputs;
      })()),
    ).toEqual(expected);
  });

  it("reads what has nothing in it", async () => {
    expect(await read([])).toEqual([]);
    expect(await read(new Response(null))).toEqual([["", ""]]);
    expect(await read(new Blob([]))).toEqual([["", ""]]);
  });

  it("keeps a character together that two texts share, and marks half of one", async () => {
    expect(await read(["a\uD83D", "\uDE00b"])).toEqual([["", "a😀b"]]);
    expect(await read(["a\uD83D"])).toEqual([["", "a\uFFFD"]]);
  });

  it("gives a large chunk in pieces", async () => {
    const source = (await new InputList("read", new Uint8Array(600_000)).next())!;
    const lengths: number[] = [];
    for (let chunk = await source.read(); chunk; chunk = await source.read()) {
      lengths.push(chunk.length);
    }
    expect(lengths).toEqual([262_144, 262_144, 75_712]);
  });

  it("counts what was read of earlier inputs, and of whole files before them", async () => {
    const from = { byte: 7, line: 2 };
    const list = new InputList("read", [
      { name: "b", content: ["b"], from, bytesBefore: 30 },
      { name: "c", content: ["c"] },
    ]);
    await list.next();
    await list.next();
    expect(list.bytesSkipped).toBe(37);
  });

  it("tells where an input begins", async () => {
    const from = { byte: 7, line: 2 };
    const source = await new InputList("read", { name: "a", content: ["b"], from }).next();
    expect(source).toMatchObject({ name: "a", from, isText: true });
  });

  it.each<[unknown, string]>([
    ["data.ndjson", 'bytes: a text as [text], a file as openFiles(path): current value is "data'],
    [5, "a Blob, Response, Request, ReadableStream or iterable of bytes, or a list of them: curr"],
    [undefined, "a Blob, Response, Request, ReadableStream or iterable of bytes, or a list of the"],
    [
      new Response("", { status: 404 }),
      "a response with a status of success: current value is 404",
    ],
  ])("refuses %o", (input, words) => {
    expect(() => new InputList("read", input)).toThrow(`Cannot read as 'input' must be ${words}`);
  });

  it("refuses a stream that somebody else reads, and a body that was read", async () => {
    const stream = new Blob(["a"]).stream();
    stream.getReader();
    expect(() => new InputList("read", stream)).toThrow("'input' must be an unlocked stream");
    const response = new Response("a");
    await response.text();
    expect(() => new InputList("read", response)).toThrow("a body that was not read before");
  });

  it("fails where an input gives something else", async () => {
    await expect(read(["a", 5])).rejects.toThrow(
      "The input must give text, as its first chunk was",
    );
    await expect(read([{ name: "a", content: [5] }])).rejects
      .toThrow("The input must give bytes or text: current value is 5");
  });

  it("cancels what is open while a read is pending, and what was not opened", async () => {
    const told: unknown[] = [];
    const list = new InputList("read", [
      { name: "open", content: endless(told) },
      endless(told),
      { name: "later", content: () => endless(told) },
    ]);
    const opening = list.next();
    await Promise.resolve();
    await list.cancel("enough");
    expect(told).toEqual(["enough", "enough"]);
    expect(await (await opening)?.read()).toBeUndefined();
  });
});
