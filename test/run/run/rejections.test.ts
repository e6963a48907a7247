import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl, type Pipeline, type Run, type RunOptions } from "../../../src/index.ts";
import { unhandledRejections } from "../../support/run/rejections.ts";
import { ScriptedSource, sourceKinds } from "../../support/run/sources.ts";
import { wait } from "../../support/run/time.ts";

const reject = (): Promise<never> => Promise.reject(new Error("no"));
const rejectLater = () => wait(5).then(reject);
const fail = (): never => {
  throw new Error("no");
};

/** Everything that can fail, alone and after something else has failed. */
const members: [string, Partial<Pipeline<number>>, RunOptions<number>?][] = [
  ...["preProcess", "extract", "transform", "transformBatch", "load", "postProcess", "finalize"]
    .flatMap((member): [string, Partial<Pipeline<number>>][] => [
      [`${member} throws`, { [member]: fail }],
      [`${member} rejects`, { [member]: reject }],
      [`${member} rejects later`, { [member]: rejectLater }],
      [`${member} and finalize reject`, { [member]: rejectLater, finalize: reject }],
    ]),
  ["several workers reject", { load: rejectLater }, { workers: 4 }],
  ["several transforms reject", { transform: rejectLater }, { batchSize: 8, workers: 2 }],
  ["the first transforms reject", { transform: reject }, { batchSize: 8, workers: 2 }],
  ["sizeOf throws", {}, { sizeOf: fail }],
  ["flushWhen throws", {}, { flushWhen: fail }],
  ["extract gives no source", { extract: () => 7 as never }],
  ["a load is deaf", { load: () => wait(100).then(reject) }, { abortTimeout: 10 }],
  ["extract is deaf", { extract: () => wait(100).then(reject) }, { abortTimeout: 10 }],
];

describe("a run whose promise nobody handles", () => {
  const unhandled: { reasons: unknown[]; stop(): void }[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    unhandled.push(unhandledRejections());
  });
  afterEach(() => {
    vi.useRealTimers();
    unhandled.pop()!.stop();
  });

  /** Ends the runs in every way, and looks for what nobody has handled. */
  async function expectSilence(start: () => Run): Promise<void> {
    const stops = [
      (_: Run) => {},
      (run: Run) => void run.drain(),
      (run: Run) => void run.abort(new Error("stop")),
      (run: Run) => void (run.drain(), run.abort(new Error("stop"))),
      (run: Run) => void run.progress({ interval: 1 }).getReader().read(),
    ];
    for (const time of [0, 1, 5]) {
      const runs = stops.map((stop) => [start(), stop] as const);
      if (time > 0) await vi.advanceTimersByTimeAsync(time);
      for (const [run, stop] of runs) stop(run);
    }
    await vi.advanceTimersByTimeAsync(20_000);
    expect(unhandled[0]!.reasons).toEqual([]);
  }

  it.each(members)("causes no unhandled rejection when %s", async (_, failing, options = {}) => {
    const extract = () => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    const pipeline = etl<number>({ name: "alone", extract, load: () => wait(1), ...failing });
    await expectSilence(() => pipeline.start(options));
  });

  it.each(sourceKinds)(
    "causes no unhandled rejection when a source of kind %s fails, and its cancel too",
    async (kind) => {
      for (const end of ["end", "fail"] as const) {
        // Nobody takes a promise from the `return` of a sync iterator.
        const cancels = kind.endsWith("sync") && !kind.endsWith("async")
          ? [fail]
          : [fail, reject, rejectLater];
        for (const onCancel of cancels) {
          for (const load of [() => {}, () => wait(3), rejectLater]) {
            const extract = () =>
              new ScriptedSource({ kind, reads: 3, end, delay: 2, onCancel }).source;
            await expectSilence(() => etl<number>({ name: "alone", extract, load }).start());
          }
        }
      }
    },
  );

  it("causes no unhandled rejection when its options or its signal stop it", async () => {
    const pipeline = etl<number>({ name: "alone", extract: () => [1], load: () => {} });
    void pipeline.run({ workers: 0 });
    void pipeline.run(null as unknown as RunOptions<number>);
    void pipeline.run({ signal: AbortSignal.abort(new Error("stop")) });
    await vi.advanceTimersByTimeAsync(1000);
    expect(unhandled[0]!.reasons).toEqual([]);
  });
});
