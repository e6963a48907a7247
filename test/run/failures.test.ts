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
