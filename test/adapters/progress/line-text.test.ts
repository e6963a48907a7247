import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { etl, type LoadContext } from "../../../src/index.ts";
import { textOf } from "../../../src/adapters/progress/line-text.ts";
import type { ProgressPayload } from "../../../src/adapters/progress/payload.ts";
import { showProgress } from "../../../src/adapters/progress.ts";
import { RecordedOutput } from "../../support/terminal/recorded-output.ts";

const payload: ProgressPayload = {
  ...{ name: "a pipeline of a long name", state: "running", total: 2_000_000, done: 840_000 },
  ...{ extracted: 850_000, loaded: 838_000, skipped: 1900, deadLettered: 100, pending: 10_000 },
  ...{
    rate: 12_345,
    retries: 37,
    elapsed: 70_000,
    left: 93_967,
    rows: undefined,
    earlier: 400_000,
    earlierDeadLettered: undefined,
    bytes: undefined,
    drift: undefined,
  },
};

describe("a line about a run", () => {
  it("has everything if there is room", () => {
    expect(textOf(payload)).toBe(
      "a pipeline of a long name: 42% of 2,000,000, 838,000 loaded, 12,345/s, 1 min 34 s left, " +
        "1,900 skipped, 100 dead-lettered, 400,000 done before, 37 retried",
    );
  });

  it.each([
    [512, "512 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [999_499, "999 kB"],
    [999_500, "1 MB"],
    [1_234_567, "1.23 MB"],
    [52_300_000_000, "52.3 GB"],
    [7e16, "70000 TB"],
  ])("has the share of %d bytes where it is they that are known", (total, words) => {
    const bytes = { read: total * 0.425, total };
    expect(textOf({ ...payload, total: undefined, bytes }))
      .toContain(`: 42% of ${words}, 838,000 loaded, 12,345/s, `);
  });

  it("has the rows where they are not as many as the items", () => {
    expect(textOf({ ...payload, rows: 33_520_000 })).toContain(
      ", 838,000 loaded, 33,520,000 rows, 12,345/s, ",
    );
  });

  it("has the properties without a column, which give way to what matters more", () => {
    const lines = [Infinity, 120, 79, 70].map((columns) =>
      textOf({ ...payload, name: "films", drift: 2 }, 20, columns)
    );
    expect(lines).toEqual([
      "films: 42% of 2,000,000, 838,000 loaded, 12,345/s, 1 min 34 s left, 1,900 skipped, " +
      "100 dead-lettered, 2 properties without a column, 400,000 done before, 37 retried",
      "films: [========>           ] 42%, 12,345/s, 1 min 34 s left, 100 dead-lettered, " +
      "2 without a column, 400,000 done before",
      "films: 42%, 12,345/s, 1 min 34 s left, 100 dead-lettered, 2 without a column",
      "films: 42%, 12,345/s, 1 min 34 s left, 100 dead, 2 without a column",
    ]);
    expect(textOf({ ...payload, name: "films", drift: 2 }, 20, 60)).not.toContain("column");
    expect(textOf({ ...payload, drift: 1 })).toContain(", 1 property without a column, ");
  });

  it.each([
    [
      120,
      "a pipeline of a long name: [========>           ] 42%, 12,345/s, 1 min 34 s left, 100 dead-lettered, 400,000 done before",
    ],
    [80, "a pipeline of a long name: 42%, 12,345/s, 1 min 34 s left, 100 dead-lettered"],
    [60, "a pipeline of a l...: 42%, 12,345/s, 100 dead"],
    [39, "a pipeline...: 42%, 12,345/s, 100 dead"],
    [34, "a pip...: 42%, 12.3k/s, 100 dead"],
    [27, "a pip...: 12.3k/s, 100 dead"],
  ])("leaves out the least important parts in %i columns", (columns, line) => {
    const shown = textOf(
      payload,
      Math.max(8, Math.floor(columns / 3) + (columns > 60 ? 99 : 0)),
      columns,
    );
    expect(shown.length).toBeLessThanOrEqual(columns);
    expect(shown).toBe(line);
  });

  it("has a bar in the room that is left, as full as its share", () => {
    const few = {
      ...payload,
      name: "films",
      ...{ skipped: 0, deadLettered: 0, earlier: undefined },
    };
    const lines = [110, 100, 79, 60, 50].map((columns) =>
      textOf({ ...few, retries: 0 }, 20, columns)
    );
    expect(lines).toEqual([
      "films: [============>                 ] 42% of 2,000,000, 838,000 loaded, 12,345/s, 1 min 34 s left",
      "films: [============>                 ] 42% of 2,000,000, 838,000 loaded, 12,345/s, 1 min 34 s left",
      "films: [====>     ] 42% of 2,000,000, 838,000 loaded, 12,345/s, 1 min 34 s left",
      "films: [========>           ] 42%, 12,345/s, 1 min 34 s left",
      "films: [====>     ] 42%, 12,345/s, 1 min 34 s left",
    ]);
    const barOf = (done: number) =>
      textOf({ ...few, done, total: 100 }, 20, 60).match(/\[.*\]/)![0];
    expect([0, 50, 99, 100].map(barOf)).toEqual([
      "[>                    ]",
      "[==========>         ]",
      "[===================>]",
      "[===================]",
    ]);
  });

  it("has no bar once the run is over, nor where nobody knows how much there is", () => {
    expect(textOf({ ...payload, state: "completed" }, 20, 150)).not.toContain("[");
    expect(textOf({ ...payload, total: undefined }, 20, 150)).not.toContain("[");
  });

  it.each([
    [{ total: 100_000, done: 169_467 }, "past the 100,000 expected, 838,000 loaded"],
    [{ total: undefined, bytes: { read: 2100, total: 2000 } }, "past the 2 kB expected, 838,000"],
    [{ total: 840_000 }, "100% of 840,000"],
    [{ total: 840_001 }, "99% of 840,001"],
  ])("says so if more came than was expected: %o", (counts, words) => {
    const line = textOf({ ...payload, ...counts, left: undefined });
    expect(line).toContain(`: ${words}`);
    if (words.startsWith("past")) expect(line).not.toContain("%");
  });

  it("says for how long nothing has moved, also where there is little room", () => {
    const still = { ...payload, rate: 0, left: undefined, idle: 12_900 };
    expect(textOf(still)).toContain(", 0/s, nothing new for 12 s, ");
    expect(textOf(still, 13, 39)).toBe("a pip...: 42%, 0/s, idle 12 s, 100 dead");
    expect(textOf({ ...still, idle: 75_000 })).toContain(", nothing new for 1 min 15 s, ");
  });

  it("has the partitions of a job, and a bar of them where no total is known", () => {
    const partitions = { total: 40, completed: 11, dead: 1, cancelled: 0 };
    const job = { ...payload, name: "sales", total: undefined, left: undefined, partitions };
    expect(textOf({ ...job, earlier: undefined }, 20, 90)).toBe(
      "sales: [======>                ] 12 of 40 partitions (1 dead), 12,345/s, 100 dead-lettered",
    );
    expect(textOf(job)).toContain("sales: 12 of 40 partitions (1 dead), 838,000 loaded, ");
  });

  it("never takes more columns than it is given", () => {
    const amount = fc.nat(3_000_000);
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const some = fc.record({
      ...{ name: fc.string({ maxLength: 30 }), total: maybe(amount), done: amount, loaded: amount },
      ...{ skipped: amount, deadLettered: amount, retries: amount, rate: amount, pending: amount },
      ...{ left: maybe(amount), idle: maybe(amount), earlier: maybe(amount), rows: maybe(amount) },
      state: fc.constantFrom("running", "draining", "completed", "failed"),
    });
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 160 }), (parts, columns) => {
        const line = textOf({ ...payload, ...parts } as ProgressPayload, 20, columns);
        expect(line.length).toBeLessThanOrEqual(columns);
        expect(line).not.toMatch(/NaN|undefined/);
      }),
      { seed: 20, numRuns: 300 },
    );
  });

  it("keeps the rate, the state and the dead letters in 40 columns", () => {
    for (const state of ["running", "draining", "aborting"] as const) {
      for (const deadLettered of [0, 7, 4321, 1_234_567]) {
        for (const rate of [0, 9.6, 987, 54_321, 7_654_321]) {
          for (const total of [undefined, 5_000_000]) {
            const line = textOf({ ...payload, state, deadLettered, rate, total }, 13, 39);
            expect(line.length).toBeLessThanOrEqual(39);
            expect(line).toMatch(/[\dkM]\/s/);
            if (state !== "running") expect(line).toContain(state);
            if (deadLettered > 0) expect(line).toMatch(/[\dkM] dead/);
          }
        }
      }
    }
  });

  it("shows how much was done before if nothing was left", () => {
    const none = { extracted: 0, loaded: 0, skipped: 0, deadLettered: 0, pending: 0, done: 0 };
    const done = {
      ...payload,
      ...none,
      state: "completed",
      total: 0,
      retries: 0,
      rate: 0,
    } as const;
    expect(textOf({ ...done, left: undefined, elapsed: 100 }))
      .toBe("a pipeline of a long name: completed, 0 loaded, 0/s, 400,000 done before, in 0.1 s");
  });

  it.each([
    [1, "1 s"],
    [1001, "2 s"],
    [58_999, "59 s"],
    [60_000, "1 min 0 s"],
    [7_260_000, "2 h 1 min"],
  ])("shows %i ms that are left as %s", (left, words) => {
    expect(textOf({ ...payload, left })).toContain(`, ${words} left, `);
  });

  it("has the properties that the snapshot counts, by their names", async () => {
    const output = new RecordedOutput(false);
    const load = (_: readonly number[], { drift }: LoadContext) => drift({ nick: 2, tag: 1 });
    const run = etl({ name: "films", extract: () => [1, 2], load }).start({ batchSize: 1 });
    await showProgress(run, undefined, { output });
    expect(output.writes.at(-1)).toContain(", 2 properties without a column, in ");
  });

  it.each([
    [{}, "60 done before"],
    [{ earlierCounts: { loaded: 58, skipped: 0, deadLettered: 2 } }, "60 done before (2 dead)"],
  ])("has what the snapshot says was done earlier: %o", async (more, words) => {
    const output = new RecordedOutput(false);
    const counts = { extracted: 0, loaded: 0, skipped: 0, deadLettered: 0, pending: 0 };
    const snapshot =
      () => ({ ...counts, state: "ended", retries: 0, duration: 5, earlier: 60, ...more } as const);
    const run = {
      name: "films",
      finished: Promise.resolve({ outcome: "completed" } as const),
      snapshot,
    };
    await showProgress(run, undefined, { output });
    expect(output.writes).toEqual([`films: completed, 0 loaded, 0/s, ${words}, in 0.0 s\n`]);
  });
});
