import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Checkpoint,
  chunks,
  ConfigurationError,
  etl,
  malformed,
  MemoryCheckpointStore,
  type Pipeline,
  type PipelineError,
  type RunEvent,
  type RunOptions,
  type Source,
} from "../../src/index.ts";
import { KeptLetters } from "../support/dead-letters/kept-letters.ts";
import { errorOf } from "../support/outcomes/error-of.ts";

const lost = new Error("connection lost");
const again = (maxAttempts = 3): RunOptions<number> => ({
  retry: { extract: { maxAttempts, baseDelay: 0 } },
  batchSize: 2,
});

/** The numbers from 0 to 5, failing before each of the given ones in turn. */
function failing(...places: number[]) {
  const opened: (Checkpoint | undefined)[] = [];
  const loaded: number[] = [];
  const pipeline: Pipeline<number> = {
    name: "numbers",
    async *extract({ checkpoint }) {
      opened.push(checkpoint);
      const place = places.shift();
      for (let n = 0; n < 6; n++) {
        if (n === place) throw lost;
        yield n;
      }
    },
    load: (rows) => void loaded.push(...rows),
  };
  return { opened, loaded, pipeline };
}

describe("retry.extract", () => {
  it("opens a source again that has failed, and drops what was read", async () => {
    const { opened, loaded, pipeline } = failing(3, 4);
    const events: RunEvent[] = [];
    const observer = (event: RunEvent) => events.push(event);
    const report = await etl(pipeline).run({ ...again(), observer });
    expect(loaded).toEqual([0, 1, 2, 3, 4, 5]);
    expect(opened).toMatchObject([undefined, { offset: 3, done: [] }, { offset: 4, done: [] }]);
    expect(report).toMatchObject({ outcome: "completed", extracted: 6, loaded: 6, retries: 2 });
    expect(events.filter(({ type }) => type === "source:retry")).toMatchObject([
      { extracted: 3, attempt: 1, error: lost },
      { extracted: 4, attempt: 1, error: lost },
    ]);
  });

  it.each<[string, () => boolean, (thrown: unknown) => unknown[]]>([
    ["throws", () => {
      throw "no";
    }, (thrown) => [lost, thrown]],
    ["gives no boolean", () => 1 as never, (thrown) => [thrown, lost]],
  ])("fails with both errors where 'isRetriable' %s", async (_, isRetriable, errors) => {
    const { loaded, pipeline } = failing(3);
    const retry = { extract: { maxAttempts: 3, baseDelay: 0, isRetriable } };
    const error = await errorOf(etl(pipeline).run({ batchSize: 2, retry }));
    const thrown = (error as PipelineError).errors.find((each) => each !== lost);
    expect(error).toMatchObject({ stage: "extract", attempts: 1, errors: errors(thrown) });
    expect(thrown === "no" || thrown instanceof ConfigurationError).toBe(true);
    expect(loaded).toEqual([0, 1, 2]);
  });

  it("counts attempts anew after progress, and fails with all errors since then", async () => {
    const { loaded, pipeline } = failing(2, 2, 4, 4, 3, 4);
    const error = await errorOf(etl(pipeline).run(again()));
    expect(error).toMatchObject({ stage: "extract", attempts: 3, errors: [lost, lost, lost] });
    expect(error).toMatchObject({ report: { retries: 4, failure: { attempts: 3 } } });
    expect(loaded).toEqual([0, 1, 2, 3]);
  });

  it("calls extract again that fails itself", async () => {
    let calls = 0;
    const loaded: number[] = [];
    const extract = (): number[] => {
      if (++calls < 3) throw lost;
      return [1];
    };
    const load = (rows: number[]) => void loaded.push(...rows);
    const report = await etl({ name: "numbers", extract, load }).run(again());
    expect([calls, loaded, report.retries]).toEqual([3, [1], 2]);
  });

  it("is not done for what is no source, nor for an error of a callback", async () => {
    const { opened, pipeline } = failing();
    const none = etl({ ...pipeline, extract: () => 1 as never }).run(again());
    expect(await errorOf(none)).toMatchObject({ stage: "extract", attempts: 1 });
    const flushWhen = () => {
      throw lost;
    };
    const thrown = etl(pipeline).run({ ...again(), flushWhen });
    expect(await errorOf(thrown)).toMatchObject({ stage: "extract", attempts: 1 });
    expect(opened).toHaveLength(1);
  });

  it("is not meant by rules for all calls", async () => {
    const { opened, pipeline } = failing(1);
    await errorOf(etl(pipeline).run({ retry: { maxAttempts: 3 } }));
    expect(opened).toHaveLength(1);
  });

  it('begins after the last position with resume: "source", also in an earlier checkpoint', async () => {
    const opened: unknown[] = [];
    const loaded: number[] = [];
    const deadLetters = new KeptLetters<number>();
    const places = [3, 5, 5, 99];
    const pipeline: Pipeline<number> = {
      name: "numbers",
      *extract({ checkpoint: { position, offset, done } = { offset: 0, done: [], updatedAt: 0 } }) {
        opened.push([position, offset, done]);
        const end = places.shift()!;
        for (let n = (position as number ?? -1) + 1; n < 8; n++) {
          if (n === end) throw lost;
          yield n === 4 ? malformed(n, "broken") : n;
        }
      },
      load: (rows) => void loaded.push(...rows),
    };
    const checkpoints = new MemoryCheckpointStore();
    checkpoints.write("numbers", { offset: 1, position: 0, done: [], updatedAt: 1 });
    const report = await etl(pipeline).run({
      ...{ ...again(), checkpoints, position: (n) => n, resume: "source" },
      deadLetters: deadLetters.stream,
    });
    expect(opened).toEqual([
      [0, 1, []],
      [2, 3, []],
      [3, 4, [[4, 5, null]]],
      [3, 4, [[4, 5, null]]],
    ]);
    expect(loaded).toEqual([1, 2, 3, 5, 6, 7]);
    expect(deadLetters.letters).toMatchObject([{ item: 4, offset: 4 }]);
    expect(report.checkpoint).toMatchObject({ offset: 8, position: 7, done: [] });
  });

  it.each<[string, RunOptions<number>, Partial<Pipeline<number>>, string]>([
    ["a deadline", { retry: { extract: { attemptTimeout: 1 } as object } }, {}, "attemptTimeout"],
    ["delays alone", { retry: { extract: { baseDelay: 1 } } }, {}, "retry.baseDelay"],
    [
      "a source that is read once",
      again(),
      { replayable: false },
      "'retry.extract' must be omitted",
    ],
    ["a queue", again(), { acknowledge() {} }, "'retry.extract' must be omitted unless the source"],
  ])("refuses %s", async (_, options, members, words) => {
    const { opened, pipeline } = failing();
    const error = await errorOf(etl({ ...pipeline, ...members }).run(options));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain(words);
    expect(opened).toEqual([]);
  });
});

describe("the wait before a source is opened again", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const waiting = async () => {
    const made = failing(3);
    const retry = { extract: { maxAttempts: 2, baseDelay: 1e6, jitter: "none" as const } };
    const waits = Promise.withResolvers<void>();
    const run = etl(made.pipeline).start({
      ...{ retry, batchSize: 2, timeout: Infinity },
      observer: ({ type }) => type === "source:retry" && waits.resolve(),
    });
    await waits.promise;
    return { ...made, run };
  };

  it("is ended by a drain, and what was read is loaded", async () => {
    const { run, loaded, opened } = await waiting();
    expect(await run.drain()).toMatchObject({ outcome: "drained", loaded: 3, pending: 0 });
    expect([loaded, opened.length, vi.getTimerCount()]).toEqual([[0, 1, 2], 1, 0]);
  });

  it("is ended by an abort", async () => {
    const { run, opened } = await waiting();
    const error = await errorOf(run.abort(new Error("enough")));
    expect(error).toMatchObject({ name: "CancelledError", report: { pending: 1 } });
    expect([opened.length, vi.getTimerCount()]).toEqual([1, 0]);
  });
});

it("loads each item once, whatever fails", async () => {
  const cases = fc.record({
    failures: fc.array(fc.nat(40), { maxLength: 8 }),
    finished: fc.uniqueArray(fc.nat(9), { maxLength: 4 }),
    kind: fc.constantFrom("stream", "async", "sync", "chunks"),
    mode: fc.constantFrom("skip", "source", "no checkpoints"),
    workers: fc.constantFrom(1, 3),
    batchSize: fc.constantFrom(1, 3, 100),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ failures, finished, kind, mode, workers, batchSize }) => {
      const loads = Array.from({ length: 40 }, () => 0);
      const left = [...failures];
      function* items(from: number): Generator<number> {
        const place = left.pop();
        for (let n = from; n < loads.length; n++) {
          if (n === place) throw lost;
          yield n;
        }
      }
      async function* slow(from: number): AsyncGenerator<number> {
        yield* items(from);
      }
      function* pages(from: number): Generator<number[]> {
        let page: number[] = [];
        for (const n of items(from)) {
          if (page.push(n) < 3) continue;
          yield page;
          page = [];
        }
        yield page;
      }
      const checkpoints = new MemoryCheckpointStore();
      const done = mode === "no checkpoints" ? [] : finished.sort((a, b) => a - b);
      const ranges = done.map((n) => [2 * n + 1, 2 * n + 2, 2 * n + 1] as const);
      checkpoints.write("numbers", { offset: 0, done: ranges, updatedAt: 1 });
      const report = await etl<number>({
        name: "numbers",
        extract: ({ checkpoint }): Source<number> => {
          const from = mode === "source" ? (checkpoint?.position as number ?? -1) + 1 : 0;
          if (kind === "chunks") return chunks(pages(from));
          if (kind === "sync") return items(from);
          return kind === "async" ? slow(from) : new ReadableStream({
            start(output) {
              const given = items(from);
              try {
                for (const n of given) output.enqueue(n);
                output.close();
              } catch (error) {
                output.error(error); // What is queued is lost with it.
              }
            },
          });
        },
        load: async (rows) => {
          for (let turn = rows[0]! % 4; turn > 0; turn--) await undefined;
          for (const n of rows) loads[n]!++;
        },
      }).run({
        ...{ batchSize, workers, timeout: Infinity },
        ...(mode !== "no checkpoints" && { checkpoints, position: (n) => n }),
        ...(mode === "source" && { resume: mode }),
        retry: { extract: { maxAttempts: Infinity, baseDelay: 0 } },
      });
      const skipped = new Set(done.map((n) => 2 * n + 1));
      expect(loads).toEqual(loads.map((_, n) => skipped.has(n) ? 0 : 1));
      expect(report).toMatchObject({ pending: 0, extracted: 40 - skipped.size });
    }),
    { numRuns: 40, seed: 11 },
  );
});
