import { describe, expect, it } from "vitest";
import { type RecordParser, recordStream } from "../../src/bytes/records.ts";
import type { Input } from "../../src/bytes/input.ts";

/** Gives each byte as a character; "!" is a broken record, and so is an end after "?". */
function letters(): RecordParser<string> {
  let last = "";
  return {
    push(bytes, out) {
      for (const byte of bytes) {
        last = String.fromCharCode(byte);
        if (last === "!") throw new Error("broken");
        out.push(last);
      }
    },
    end(out) {
      out.push(".");
      if (last === "?") throw new Error("cut");
    },
  };
}

const open = (input: Input) => recordStream({ action: "read", input, parserOf: letters });

/** What a stream gives, and the message of what it fails with. */
async function told(stream: ReadableStream<string[]>): Promise<string[]> {
  const all: string[] = [];
  try {
    for await (const records of stream) all.push(records.join(""));
  } catch (error) {
    all.push(String(error));
  }
  return all;
}

describe("recordStream", () => {
  it("gives an array for each chunk, of one input after the other", async () => {
    const inputs = [{ name: "a", content: ["ab", "c"] }, { name: "b", content: ["d"] }];
    expect(await told(open(inputs))).toEqual(["ab", "c", ".", "d", "."]);
  });

  it("gives the records before a broken one, and cancels the input", async () => {
    const reasons: unknown[] = [];
    const stream = new ReadableStream<string>({
      start: (controller) => controller.enqueue("ab!c"),
      cancel: (reason) => void reasons.push(reason),
    });
    expect(await told(open(stream))).toEqual(["ab", "Error: broken"]);
    expect(reasons.map(String)).toEqual(["Error: broken"]);
    expect(await told(open(["a", "!"]))).toEqual(["a", "Error: broken"]);
    expect(await told(open(["a?"]))).toEqual(["a?", ".", "Error: cut"]);
  });

  it("gives the records before a failure of the input, which is passed on", async () => {
    const input = (async function* () {
      yield "ab";
      throw new Error("gone");
    })();
    expect(await told(open(input))).toEqual(["ab", "Error: gone"]);
  });

  it("reads nothing before it is asked to, and no chunk ahead", async () => {
    let reads = 0;
    const input = new ReadableStream<string>({
      pull: (controller) => controller.enqueue(`${reads++}`),
    }, { highWaterMark: 0 });
    const reader = open(input).getReader();
    expect(reads).toBe(0);
    expect(await reader.read()).toEqual({ done: false, value: ["0"] });
    expect(reads).toBe(1);
    await reader.cancel();
  });

  it("cancels the input while a read is pending", async () => {
    const reasons: unknown[] = [];
    const input = new ReadableStream<string>({ cancel: (reason) => void reasons.push(reason) });
    const reader = open(input).getReader();
    const reading = reader.read();
    await reader.cancel("enough");
    expect(await reading).toEqual({ done: true, value: undefined });
    expect(reasons).toEqual(["enough"]);
  });
});
