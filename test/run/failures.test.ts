import { describe, expect, it } from "vitest";
import {
  type CancelledError,
  type DeadLetter,
  etl,
  MemoryCheckpointStore,
  type Pipeline,
  type PipelineError,
  RateLimiter,
  type RunOptions,
  type RunReport,
} from "../../src/index.ts";
import { errorOf } from "../support/outcomes/error-of.ts";

/** The report of a run of ten items that fails. */
async function failed(
  members: Partial<Pipeline<number>>,
  options: RunOptions<number> = {},
): Promise<RunReport> {
  const extract = () => Array.from({ length: 10 }, (_, index) => index);
  const run = etl<number>({ name: "films", extract, load: () => {}, ...members });
  const error = await errorOf(run.run({ batchSize: 2, ...options }));
  return (error as PipelineError).report!;
}

const fail = (message = "no space", code?: unknown) => {
  throw Object.assign(new Error(message), code === undefined ? {} : { code });
};

describe("the report of a run that failed", () => {
  const retry = { maxAttempts: 3, baseDelay: 1 };
  const third = { sequence: 2, offset: 4, size: 2 };
  const onFourth = (item: number) => item === 4 ? fail() : item;
  const later = async (item: number) => onFourth(await item);
  it.each<[string, Partial<Pipeline<number>>, RunOptions<number>]>([
    ["load", { load: ([first]) => void onFourth(first!) }, {}],
    ["load", { load: async ([first]) => void onFourth(first!) }, {}],
    ["load", { load: ([first]) => void onFourth(first!) }, {
      rateLimit: new RateLimiter({ limit: 100, interval: 1 }),
    }],
    ["transform", { transform: onFourth }, {}],
    ["transform", { transform: later }, { workers: 3 }],
    ["transform", { transformBatch: (items) => items.map(onFourth) }, {}],
    ["transform", { transformBatch: (items) => Promise.all(items.map(later)) }, {}],
  ])(
    "has the batch that failed in %s, the error, and the attempts",
    async (stage, members, options) => {
      const failure = { stage, message: "no space", batch: third };
      expect((await failed(members, options)).failure).toEqual({ ...failure, attempts: 1 });
      const again = await failed(members, { ...options, retry });
      expect(again.failure).toEqual({ ...failure, attempts: 3 });
    },
  );

  it.each<[string, Partial<Pipeline<number>>]>([
    ["preProcess", { preProcess: () => fail() }],
    ["extract", { extract: () => fail() }],
    ["postProcess", { postProcess: () => fail() }],
    ["finalize", { finalize: () => fail() }],
  ])("has %s as the failing stage, and no batch", async (stage, members) => {
    const { failure } = await failed(members);
    expect(failure).toEqual({ stage, message: "no space", attempts: 1 });
  });

  it("has the failure of checkpoints or dead letters, and where that was", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const position = () => fail("no position");
    const { failure } = await failed({}, { checkpoints, position });
    expect(failure).toMatchObject({ stage: "checkpoints", message: "no position" });
    expect(failure?.batch).toEqual({ sequence: 0, offset: 0, size: 2 });
    const deadLetters = new WritableStream<DeadLetter<number>>({ write: () => fail("disk full") });
    const report = await failed({ load: ([n]) => void onFourth(n!) }, { deadLetters });
    expect(report.failure).toMatchObject({ stage: "deadLetters", message: "disk full" });
  });

  it.each<[unknown, string | number | undefined]>([
    [Object.assign(new Error("no"), { code: "23505" }), "23505"],
    [Object.assign(new Error("no"), { code: 14 }), 14],
    [new Error("no", { cause: Object.assign(new Error(), { code: "ENOENT" }) }), "ENOENT"],
    [new DOMException("no", "DataError"), undefined],
    [Object.assign(new Error("no"), { code: { deep: 1 } }), undefined],
  ])("has the code of %o", async (error, code) => {
    const { failure } = await failed({ load: () => Promise.reject(error) });
    expect(failure?.message).toBe("no");
    expect(failure?.code).toBe(code);
  });

  it("has the first failure, in words of bounded length", async () => {
    const { failure } = await failed({
      load: () => fail("x".repeat(5000)),
      finalize: () => fail("later"),
    });
    expect(failure).toMatchObject({ stage: "load", message: `${"x".repeat(999)}…` });
    expect(JSON.parse(JSON.stringify(failure))).toEqual(failure);
  });

  it("has no failure if the run did not fail", async () => {
    const run = etl({ name: "films", extract: () => [1], load: () => {} });
    expect(await run.run()).not.toHaveProperty("failure");
    const aborted = run.start();
    expect((await errorOf(aborted.abort()) as CancelledError).report).not.toHaveProperty("failure");
  });
});

describe("the reasons of dead letters in the report", () => {
  /** The report of a run whose items that `fault` gives an error for are given up on. */
  async function given(count: number, fault: (item: number) => unknown, stage = "load") {
    const check = (item: number) => {
      const error = fault(item);
      if (error !== undefined) throw error;
    };
    return await etl<number>({
      name: "films",
      extract: () => Array.from({ length: count }, (_, index) => index),
      transform: (item) => (stage === "transform" && check(item), item),
      load: ([item]) => stage === "load" ? check(item!) : undefined,
    }).run({ deadLetters: new WritableStream() });
  }

  it.each(["load", "transform"] as const)("are counted by what %s failed with", async (stage) => {
    const report = await given(
      9,
      (n) => n % 3 === 0 ? undefined : new Error(n < 5 ? "a" : "b"),
      stage,
    );
    expect(report.deadLetterReasons).toEqual([
      { message: "a", stage, count: 3, offset: 1 },
      { message: "b", stage, count: 3, offset: 5 },
    ]);
  });

  it.each([
    ["Cannot load row as 'age' must be a number: current value is", ""],
    ["'age' must be a number, in row", ""],
    ["Row", " has no id"],
    ['Cannot load row as invalid input syntax for type integer: "x', '" (row 3)'],
    ['value "', '" is out of range for type integer'],
  ])("group errors that differ only by value or row: %s 17%s", async (before, after) => {
    const { deadLetterReasons } = await given(50, (n) => new Error(`${before} ${n}${after}`));
    expect(deadLetterReasons).toEqual([
      { message: `${before} 0${after}`, stage: "load", count: 50, offset: 0 },
    ]);
  });

  it("distinguish errors by column or constraint", async () => {
    const { deadLetterReasons } = await given(
      4,
      (n) => new Error(`violates "key_${n % 2}" (row ${n})`),
    );
    expect(deadLetterReasons.map(({ count }) => count)).toEqual([2, 2]);
  });

  it("distinguish errors by another number", async () => {
    const { deadLetterReasons } = await given(6, (n) => new Error(`HTTP ${n < 4 ? 404 : 500}`));
    expect(deadLetterReasons.map(({ message, count }) => [message, count]))
      .toEqual([["HTTP 404", 4], ["HTTP 500", 2]]);
  });

  it("are bounded in number and length, the most frequent first", async () => {
    const { deadLetterReasons, deadLettered } = await given(1000, (n) => {
      return new Error(n % 2 ? "often" : "x".repeat(1000).slice(n));
    });
    expect(deadLetterReasons.length).toBeLessThanOrEqual(21);
    expect(Math.max(...deadLetterReasons.map(({ message }) => message.length))).toBe(300);
    expect(deadLetterReasons.reduce((sum, { count }) => sum + count, 0)).toBe(deadLettered);
    expect(deadLetterReasons[0]).toEqual({
      message: "often",
      stage: "load",
      count: 500,
      offset: 1,
    });
  });

  it("sum up the rest in a last one", async () => {
    const { deadLetterReasons } = await given(100, (n) => new Error(`reason ${n % 50}`));
    expect(deadLetterReasons).toHaveLength(21);
    expect(deadLetterReasons.at(-1)).toEqual({
      message: "…others",
      stage: "load",
      count: 60,
      offset: 20,
    });
  });

  it("are empty without dead letters", async () => {
    expect((await given(3, () => undefined)).deadLetterReasons).toEqual([]);
  });
});
