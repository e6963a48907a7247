import { describe, expect, it } from "vitest";
import { readCsv } from "../../../../src/adapters/csv.ts";
import type { DeadLetter } from "../../../../src/dead-letters/dead-letter.ts";
import { etl } from "../../../../src/index.ts";

const text = 'id,note\n1,a\nx,b\n2,"c\n3,d\n4\n5,e\n';

describe("readCsv in a run", () => {
  it("makes dead letters of broken records, and loads the others", async () => {
    const loaded: number[] = [];
    const letters: [unknown, string][] = [];
    const report = await etl({
      name: "rows",
      extract: () => readCsv([text], { columns: { id: "number" }, malformed: "item" }),
      transform: ({ id }) => id,
      load: (ids) => void loaded.push(...ids),
    }).run({
      batchSize: 2,
      deadLetters: new WritableStream<DeadLetter>({
        write: ({ item, error }) => void letters.push([item, (error as Error).message]),
      }),
    });
    expect(loaded).toEqual([1, 3, 5]);
    expect(letters).toEqual([
      ["x,b", `Cannot read 'id' as it must be a number: current value is "x" (line 3, byte 12)`],
      ['2,"c', "Cannot read a record, as the quote of field 2 is not closed (line 4, byte 16)"],
      ["4", "Cannot read a record of 1 field, where the header has 2 (line 6, byte 25)"],
    ]);
    expect([report.extracted, report.loaded, report.deadLettered]).toEqual([6, 3, 3]);
  });

  it("fails with the first broken record, once what came before it is loaded", async () => {
    const loaded: unknown[] = [];
    const run = etl({
      name: "rows",
      extract: () => readCsv([text], { columns: { id: "number" } }),
      load: (rows) => void loaded.push(...rows),
    }).run({ batchSize: 10 });
    await expect(run).rejects.toMatchObject({
      stage: "extract",
      cause: { name: "RecordError", line: 3, byte: 12 },
    });
    expect(loaded).toEqual([{ id: 1, note: "a" }]);
  });

  it("cancels its input when it is cancelled, also while a read is pending", async () => {
    let reason: unknown;
    const input = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("a\n1\n2")),
      cancel: (given) => void (reason = given),
    });
    const reader = (readCsv(input).source as ReadableStream<unknown[]>).getReader();
    expect((await reader.read()).value).toEqual([{ a: "1" }]);
    const pending = reader.read();
    await reader.cancel("enough");
    expect([reason, (await pending).done]).toEqual(["enough", true]);
  });
});
