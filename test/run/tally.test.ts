import { describe, expect, it } from "vitest";
import { etl, type LoadContext, type TableCounts } from "../../src/index.ts";
import type { SinkLoadContext } from "../../src/checkpoints/load-context.ts";

/** Loads so many batches of one item, and tells for each what `tell` gives. */
function drifting(tell: (index: number) => Record<string, number>, count = 3) {
  return etl<number>({
    name: "drift",
    extract: () => Array.from({ length: count }, (_, index) => index),
    load: ([index], { drift }) => drift(tell(index!)),
  });
}

describe("drift() of a load", () => {
  it("adds up in the report and in the snapshots, by column", async () => {
    const run = drifting((index) => ({ nickname: index, age: 1 })).start();
    expect(run.snapshot().drift).toEqual({});
    const { drift } = await run.finished;
    expect(drift).toEqual({ nickname: 3, age: 3 });
    expect(run.snapshot().drift).toEqual(drift);
  });

  it.each([{}, { retry: { maxAttempts: 2 } }, { attemptTimeout: 1000 }])(
    "is one function for all loads of a run (%j)",
    async (options) => {
      const told = new Set<LoadContext["drift"]>();
      const load = (_: number[], context: SinkLoadContext) => {
        told.add(context.drift!);
        context.drift?.({ age: 1 });
      };
      const report = await etl({ name: "drift", extract: () => [1, 2, 3], load }).run(options);
      expect(told.size).toBe(1);
      expect(report.drift).toEqual({ age: 3 });
    },
  );

  it("has an empty sum if nothing was left out", async () => {
    const counts = { none: 0, less: -1, no: NaN, endless: Infinity, text: "1" };
    expect((await drifting(() => ({})).run()).drift).toEqual({});
    expect((await drifting(() => counts as unknown as Record<string, number>).run()).drift).toEqual(
      {},
    );
  });

  it("accepts any column name", async () => {
    const { drift } = await drifting(() => JSON.parse('{"__proto__":2,"constructor":1,"":1}'))
      .run();
    expect(Object.getPrototypeOf(drift)).toBe(Object.prototype);
    expect(JSON.stringify(drift)).toBe('{"__proto__":6,"constructor":3,"":3}');
  });

  it("needs no more memory for thousands of names", async () => {
    const { drift } = await drifting((index) => ({ [`column ${index}`]: 1, a: 1 }), 5000).run();
    expect(Object.keys(drift)).toHaveLength(101);
    expect(drift).toMatchObject({ a: 5000, "column 0": 1, "column 98": 1, "…others": 4901 });
  });

  it("does not change the report if it is called after the run", async () => {
    let told: LoadContext["drift"] | undefined;
    const load = (_: number[], { drift }: LoadContext) => void (told = drift);
    const run = etl({ name: "drift", extract: () => [1], load }).start();
    const report = await run.finished;
    told?.({ age: 1 });
    expect([report.drift, run.snapshot().drift]).toEqual([{}, {}]);
  });
});

describe("wrote() of a load", () => {
  const writing = (tell: (index: number) => Record<string, TableCounts>) =>
    etl<number>({
      name: "wrote",
      extract: () => [0, 1, 2],
      load: ([index], { wrote }) => wrote(tell(index!)),
    });

  it("adds up in the report and in the snapshots, by table", async () => {
    const run = writing((index) => ({
      user: { inserted: index, deleted: 1 },
      post: { written: 2 },
    }))
      .start();
    expect(run.snapshot().tables).toEqual({});
    const { tables, drift } = await run.finished;
    expect(tables).toEqual({ user: { inserted: 3, deleted: 3 }, post: { written: 6 } });
    expect(run.snapshot().tables).toEqual(tables);
    expect(drift).toEqual({});
  });

  it("tells at most 100 tables apart", async () => {
    const names = Array.from({ length: 102 }, (_, n) => [`table ${n}`, { inserted: 1 }]);
    const { tables } = await writing(() => Object.fromEntries(names)).run();
    expect(Object.keys(tables)).toHaveLength(101);
    expect(tables["…others"]).toEqual({ inserted: 6 });
  });
});
