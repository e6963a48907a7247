import { describe, expect, it } from "vitest";
import { replay } from "../../src/etl/replay.ts";
import { Replayed } from "../../src/dead-letters/replayed.ts";
import type { LoadContext, Pipeline } from "../../src/pipeline/pipeline.ts";
import { settingsFor } from "../../src/pipeline/own-settings.ts";
import { skip } from "../../src/streams/skip.ts";
import { letterOf } from "../support/dead-letters/letters.ts";
import { expected, letters, loadFailed, record } from "../support/dead-letters/replayed-letters.ts";
import { many, wholeBatch } from "../../src/index.ts";

describe("the pipeline of a replay", () => {
  it("leaves out items that the transform skips", async () => {
    const { loaded, pipeline } = record({ transform: () => skip });
    const report = await replay(letters, pipeline).run({ batchSize: 5 });
    expect(loaded).toEqual(["two", undefined]);
    expect(report).toMatchObject({ loaded: 2, skipped: 3 });
  });

  it.each<[string, (items: number[]) => unknown, unknown[]]>([
    ["as many", (items) => items.map((item) => `#${item}`), expected],
    ["as many, later", (items) => Promise.resolve(items.map((item) => `#${item}`)), expected],
    ["one left out", (items) => [skip, ...items.slice(1).map((item) => `#${item}`)], [
      ...expected.slice(1),
    ]],
    [
      "several for one",
      ([first, ...rest]) => [many([`#${first}`, "more"]), ...rest.map((item) => `#${item}`)],
      ["#1", "more", ...expected.slice(1)],
    ],
    ["rows of all", () => wholeBatch(["all"]), ["all", "two", undefined]],
  ])(
    "calls transformBatch for letters without rows only, which returns %s",
    async (_, map, rows) => {
      const calls: number[][] = [];
      const transformBatch = (items: number[]) => {
        calls.push(items);
        return map(items) as string[];
      };
      const { loaded, pipeline } = record({ transform: undefined, transformBatch });
      await replay(letters, pipeline).run({ batchSize: 5 });
      expect([loaded, calls]).toEqual([rows, [[1, 3, 5]]]);
    },
  );

  it("does not call transformBatch for letters that have their rows", async () => {
    const transformBatch = () => expect.fail();
    const { loaded, pipeline } = record({ transform: undefined, transformBatch });
    await replay([loadFailed(1, "one")], pipeline).run();
    expect(loaded).toEqual(["one"]);
  });

  it("rejects a transformBatch that does not return an array", async () => {
    const transformBatch = () => "rows" as never;
    const { pipeline } = record({ transform: undefined, transformBatch });
    const rule = "'transformBatch' must be a function that returns an array";
    await expect(replay(letters, pipeline).run()).rejects.toThrow(rule);
  });

  it("calls hooks and methods with the instance as `this`, but not its extract()", async () => {
    class Numbers implements Pipeline<number, string> {
      readonly name = "class";
      readonly calls: unknown[] = [];
      preProcess(): void {
        this.calls.push("preProcess");
      }
      extract(): number[] {
        this.calls.push("extract");
        return [];
      }
      transform(item: number): string {
        this.calls.push(item);
        return `${item}`;
      }
      load(rows: string[], { pipeline, batch }: LoadContext): void {
        this.calls.push([rows, pipeline, batch.size]);
      }
      postProcess(): void {
        this.calls.push("postProcess");
      }
      finalize(outcome: string): void {
        this.calls.push(outcome);
      }
    }
    const numbers = new Numbers();
    await replay([letterOf(7)], numbers).run();
    const load = [["7"], "class", 1];
    expect(numbers.calls).toEqual(["preProcess", 7, load, "postProcess", "completed"]);
  });

  it("does not call acknowledge and reject", () => {
    const acknowledge = () => expect.fail();
    const { pipeline } = replay(letters, record().pipeline);
    expect(pipeline).not.toHaveProperty("acknowledge");
    expect({ ...pipeline, acknowledge }).toHaveProperty("acknowledge"); // Were it there.
  });

  it("passes items, not letters, to the sizeOf and flushWhen of a run", async () => {
    const sized: unknown[] = [];
    const closing: unknown[] = [];
    await replay(letters, record().pipeline).run({
      batchSize: 9,
      sizeOf: (item) => sized.push(item),
      flushWhen: (item) => closing.push(item) === 2,
    });
    expect([sized, closing]).toEqual([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]);
  });

  it("ignores the checkpoint options of its pipeline", () => {
    const { pipeline } = replay(letters, record().pipeline);
    const checkpoints = { checkpoints: {}, position: () => 1, resume: "skip", partition: "a" };
    const settings = { batchSize: 3, ...checkpoints, lease: 5, guarantee: "exactly-once" };
    expect(settingsFor(pipeline, settings)).toEqual({ batchSize: 3 });
    expect(settings.lease).toBe(5); // A manager shares them.
    expect(settingsFor(record().pipeline, settings)).toBe(settings);
  });

  it("passes items that are not letters through unchanged", () => {
    const sizeOf = (item: unknown) => item;
    const settings = settingsFor(replay(letters, record().pipeline).pipeline, { sizeOf });
    expect(settings.sizeOf(7)).toBe(7);
    expect(settings.sizeOf(new Replayed(letterOf(8)))).toBe(8);
  });
});
