import { describe, expect, it } from "vitest";
import {
  etl,
  explain,
  MemoryCheckpointStore,
  type Pipeline,
  type RunEvent,
  type RunOptions,
} from "../../src/index.ts";
import type { EtlError, RunReport } from "../../src/index.ts";
import { runReport } from "../support/report/run-reports.ts";

const ten = () => Array.from({ length: 10 }, (_, index) => index);

/** The report of a run, however it ends. */
async function reportOf(
  members: Partial<Pipeline<number>>,
  options: RunOptions<number> = {},
): Promise<RunReport> {
  const pipeline = etl<number>({ name: "films", extract: ten, load: () => {}, ...members });
  try {
    return await pipeline.run({ batchSize: 2, ...options });
  } catch (error) {
    return (error as EtlError).report!;
  }
}

describe("explain() of a run that failed", () => {
  const onFourth = (n: number, error: unknown) => {
    if (n === 4) throw error;
  };
  const noSpace = Object.assign(new Error("no space"), { code: "ENOSPC" });

  it("says what failed, in which stage and batch, after how many attempts", async () => {
    const load = ([n]: number[]) => onFourth(n!, noSpace);
    const words = explain(await reportOf({ load }, { retry: { maxAttempts: 3, baseDelay: 1 } }));
    expect(words).toMatch(
      /^The run failed after .+, with \d+ items? pending\. It failed in load with batch 2 \(2 items from offset 4\) after 3 attempts: no space \(code ENOSPC\)\. To load the others and set aside the items to blame, pass `deadLetters`\. Without `checkpoints`, the next run starts from the beginning\.$/,
    );
  });

  it("says which hook failed", async () => {
    const words = explain(await reportOf({ preProcess: () => Promise.reject(new Error("Why?")) }));
    expect(words).toMatch(/^The run failed after .+\. It failed in preProcess: Why\?$/);
  });

  it.each(["more `workers`", "Try ", "`batchSize`"])("never advises %s", async (advice) => {
    const failure = { stage: "load", message: "no", attempts: 1 } as const;
    for (const busy of ["extract", "transform", "load"] as const) {
      const report = { outcome: "failed", failure, [busy]: { busy: 0.95 } } as const;
      expect(explain(runReport(report))).not.toContain(advice);
    }
  });

  it("keeps the message of an error on one line, and short", () => {
    const message = `\u001b[2J${"line\n".repeat(1000)}`;
    const failure = { stage: "load", message, attempts: 1 } as const;
    const words = explain(runReport({ outcome: "failed", failure }));
    expect(words).not.toMatch(/\p{Cc}/u);
    expect(words.length).toBeLessThan(500);
  });
});

describe("explain() of items that were not loaded", () => {
  it("groups dead letters by reason, with an example of each", async () => {
    const deadLetters = new WritableStream();
    const load = ([n]: number[]) => {
      if (n! > 2) throw new Error(n! % 2 ? "no id" : `HTTP ${500 + n! % 4}`);
    };
    expect(explain(await reportOf({ load }, { deadLetters, batchSize: 1 }))).toContain(
      "7 items became dead letters: 4 × no id (in load, first at offset 3); 2 × HTTP 500 (in load, " +
        "first at offset 4); 1 × HTTP 502 (in load, first at offset 6). ",
    );
  });

  it("names three reasons, and counts the rest", async () => {
    const load = ([n]: number[]) => Promise.reject(new Error(`reason ${n}`));
    const report = await reportOf({ load }, { deadLetters: new WritableStream(), batchSize: 1 });
    expect(explain(report)).toMatch(
      /reason 2 \(in load, first at offset 2\); 7 further reasons\. /,
    );
  });

  it("names the columns that the target does not have", async () => {
    const load: Pipeline<number>["load"] = (rows, { drift }) => drift({ age: rows.length, b: 1 });
    expect(explain(await reportOf({ load })))
      .toContain(
        "The target had no column for age (10 rows), b (5 rows): left out, unless the sink adds columns.",
      );
  });

  it("says what became of the rows of each table", async () => {
    const load: Pipeline<number>["load"] = (rows, { wrote }) =>
      wrote({
        a: { inserted: rows.length, deleted: 1 },
        b: { written: 1000 },
        c: { updated: 1 },
        d: { deleted: 1 },
      });
    expect(explain(await reportOf({ load }))).toContain(
      "Rows by table: a (10 inserted, 5 deleted), b (5,000 written), c (5 updated), 1 further table.",
    );
  });

  it("says what became of the rows of each branch", async () => {
    const counts = { given: 1000, loaded: 998, deadLettered: 2 };
    const branches = { a: counts, b: { given: 1 }, c: { given: 1 }, d: {}, e: {} };
    const load: Pipeline<number>["load"] = (_, { branched }) => branched(branches);
    expect(explain(await reportOf({ load }, { batchSize: 10 }))).toContain(
      "Rows by branch: a (1,000 given, 998 loaded, 2 dead-lettered), b (1 given), c (1 given)",
    );
  });

  it("says what earlier runs had finished", async () => {
    const events: string[] = [];
    const observer = ({ type }: RunEvent) => void events.push(type);
    const options = { checkpoints: new MemoryCheckpointStore(), total: 10, observer };
    const onSixth = ([n]: number[]) => n === 6 ? Promise.reject(new Error("no")) : undefined;
    const first = await reportOf({ load: onSixth }, options);
    expect([first.earlier, first.outcome]).toEqual([0, "failed"]);
    const second = await reportOf({}, options);
    expect(explain(second)).toMatch(/^Earlier runs had finished 6 items before\. /);
    const third = await reportOf({}, options);
    expect(explain(third))
      .toBe("Nothing was left to do: earlier runs have finished 10 items.");
    expect(events).not.toContain("run:short");
    expect([second.missing, third.missing]).toEqual([undefined, undefined]);
  });

  it("says what earlier runs had finished, even if nothing was left", () => {
    const earlier = { earlier: 400 } as object;
    expect(explain(runReport(earlier))).toMatch(/^Earlier runs had finished 400 items before\. /);
    expect(explain(runReport({ ...earlier, extracted: 0, loaded: 0, batches: 0 })))
      .toBe("Nothing was left to do: earlier runs have finished 400 items.");
  });

  it.each([
    [{ loaded: 400, skipped: 0, deadLettered: 0 }, "400 items before."],
    [{ loaded: 395, skipped: 0, deadLettered: 5 }, "400 items (5 dead-lettered) before."],
    [
      { loaded: 390, skipped: 7, deadLettered: 3 },
      "400 items (7 skipped and 3 dead-lettered) before.",
    ],
  ])("says what became of them: %o", (earlierCounts, words) => {
    expect(explain(runReport({ earlier: 400, earlierCounts })))
      .toMatch(`Earlier runs had finished ${words} `);
  });
});

describe("a source that ends before its total", () => {
  async function* seven() {
    yield* ten().slice(0, 7);
  }

  async function run(total: number, members: Partial<Pipeline<number>> = {}) {
    const events: RunEvent[] = [];
    const observer = (event: RunEvent) => void events.push(event);
    const report = await reportOf({ extract: seven, ...members }, { total, observer });
    return { report, short: events.filter(({ type }) => type === "run:short") };
  }

  it("is reported as an event, in the report, and in words", async () => {
    const { report, short } = await run(10);
    expect(short).toEqual([
      expect.objectContaining({ type: "run:short", total: 10, extracted: 7 }),
    ]);
    expect(report).toMatchObject({ outcome: "completed", missing: 3 });
    expect(explain(report)).toContain("The source ended early: 3 expected items did not arrive.");
  });

  it.each([0, 7, 5])("is not reported if %i items of seven were expected", async (total) => {
    const { report, short } = await run(total);
    expect(short).toEqual([]);
    expect(report).not.toHaveProperty("missing");
  });

  it.each<[string, Partial<Pipeline<number>>]>([
    ["failed", { load: () => Promise.reject(new Error("no")) }],
    ["failed", {
      extract: async function* () {
        yield 1;
        throw new Error("no");
      },
    }],
  ])("is not reported if the run %s", async (outcome, members) => {
    const { report, short } = await run(10, members);
    expect(report.outcome).toBe(outcome);
    expect(short).toEqual([]);
    expect(report).not.toHaveProperty("missing");
  });

  it("is not reported if the run was drained before its end", async () => {
    const events: string[] = [];
    const observer = ({ type }: RunEvent) => void events.push(type);
    const endless = async function* () {
      for (;;) yield 1;
    };
    const pipeline = etl<number>({ name: "films", extract: endless, load: () => {} });
    const started = pipeline.start({ total: 1e9, observer });
    const report = await started.drain();
    expect(report).not.toHaveProperty("missing");
    expect(events).not.toContain("run:short");
  });
});

describe("the advice of explain()", () => {
  const parts = { extract: { blocked: 0.9 }, transform: { busy: 0.95 }, load: { busy: 0.1 } };

  it("does not suggest transformBatch to a pipeline that has it", () => {
    for (const workers of [1, 4]) {
      const words = explain(runReport({ ...parts, workers, mapping: "batch" }));
      expect(words).not.toContain("transformBatch");
      expect(words).not.toContain("concurrency");
      expect(words).toContain("Try more `workers`, or a larger `batchSize`");
    }
    const held = { ...parts, extract: { blocked: 0.9 }, transform: { busy: 0.25 }, load: {} };
    expect(explain(runReport({ ...held, mapping: "batch" }))).not.toContain("transformBatch");
  });

  it("suggests neither `workers` nor `concurrency` for a transform that never waits", () => {
    const words = explain(runReport({ ...parts, workers: 4, mapping: "sync" }));
    expect(words).toContain("neither `workers` nor `concurrency` help");
    expect(words).not.toContain("Try");
    expect(words).not.toContain("bring nothing");
  });

  it("suggests a higher `concurrency` only if a batch has more items than that", () => {
    const async = { ...parts, workers: 4, mapping: "async" } as const;
    expect(explain(runReport({ ...async, concurrency: 16 })))
      .toContain("Try more `workers`, a higher `concurrency` (16 now), or `transformBatch`");
    const words = explain(runReport({ ...async, concurrency: 50 }));
    expect(words).toContain("a larger `batchSize`");
    expect(words).not.toContain("concurrency");
  });

  it("does not suggest more `workers` than there are batches", () => {
    const load = { load: { busy: 0.98 }, transform: { blocked: 0.9 }, workers: 4, batches: 3 };
    const words = explain(runReport({ ...load, extract: { busy: 0.5, blocked: 0.5 } }));
    expect(words).toContain("Try a smaller `batchSize`");
    expect(words).not.toContain("Try more `workers`");
  });

  it.each<[string, Partial<Pipeline<number>>, object]>([
    ["none", {}, {}],
    ["sync", { transform: (n) => n }, { mapping: "sync" }],
    ["async", { transform: async (n) => n }, { mapping: "async", concurrency: 3 }],
    ["batch", { transformBatch: (items) => items }, { mapping: "batch" }],
  ])("follows from what the report says of the transform: %s", async (_, members, told) => {
    const options = "transform" in members ? { concurrency: 3 } : {};
    const { mapping, concurrency } = await reportOf(members, options);
    const known = { ...(mapping && { mapping }), ...(concurrency && { concurrency }) };
    expect(known).toEqual(told);
  });
});
