import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import * as checkpoint from "../../src/adapters/checkpoint.ts";
import * as otel from "../../src/adapters/otel.ts";
import * as sqlite from "../../src/adapters/sqlite.ts";
import * as core from "../../src/index.ts";
import { KeptLetters } from "../support/dead-letters/kept-letters.ts";
import { streamOf } from "../support/streams/streams.ts";

/** The package as an application has it that was bundled with a copy of its own. */
type Copy =
  & typeof core
  & Pick<typeof checkpoint, "commitsTo">
  & Pick<typeof otel, "instrument">
  & Pick<typeof sqlite, "sqliteSink">;

const folder = mkdtempSync(join(tmpdir(), "millrace-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function bundled(): Promise<Copy> {
  const outfile = join(folder, "copy.mjs");
  const contents = ["index.ts", "adapters/checkpoint.ts", "adapters/otel.ts", "adapters/sqlite.ts"]
    .map((path) => `export * from "./src/${path}";`).join("\n");
  await build({
    stdin: { contents, resolveDir: ".", loader: "ts" },
    ...{
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      platform: "neutral",
      outfile,
    },
    external: ["node:*"],
  });
  return await import(/* @vite-ignore */ pathToFileURL(outfile).href) as Copy;
}

const here: Copy = { ...core, ...checkpoint, ...otel, ...sqlite };
const there = await bundled();

/** How a run of one copy ends whose load throws what another copy has made. */
async function endOf({ etl }: Copy, error: unknown, options: core.RunOptions<number> = {}) {
  const kept = new KeptLetters<number>();
  const loads: number[][] = [];
  const load = (rows: number[]) => {
    loads.push([...rows]);
    if (loads.length === 1) throw error;
  };
  const run = etl({ name: "numbers", extract: () => [0, 1, 2, 3], load }).run({
    ...{ batchSize: 4, deadLetters: kept.stream, retry: { maxAttempts: 3, baseDelay: 0 } },
    ...options,
  });
  const failure: unknown = await run.then(() => undefined, (failure) => failure);
  return { failure: failure as core.PipelineError | undefined, loads, letters: kept.items };
}

describe.each<[string, Copy, Copy]>([
  ["what the other has made", here, there],
  ["what made the other", there, here],
])("One copy of the package understands %s:", (_, own, other) => {
  it("the copies are two", () => {
    expect(own.EtlError).not.toBe(other.EtlError);
    expect(new other.EtlError("no")).not.toBeInstanceOf(own.EtlError);
  });

  it("a FencedError stops the run", async () => {
    const error = new other.FencedError("key", "run-2");
    const { failure, loads, letters } = await endOf(own, error);
    expect(failure).toMatchObject({ name: "PipelineError", stage: "checkpoints", cause: error });
    expect([loads.length, letters]).toEqual([1, []]);
  });

  it("a user's class that extends FencedError, too", async () => {
    class Lost extends other.FencedError {}
    const { failure } = await endOf(own, new Lost("key"));
    expect(failure?.stage).toBe("checkpoints");
  });

  it("a ConfigurationError is not retried", async () => {
    const error = new other.ConfigurationError("wrong");
    const { failure, loads, letters } = await endOf(own, error);
    expect(failure?.cause).toBe(error);
    expect([loads.length, letters]).toEqual([1, []]);
  });

  it("a BatchError names its items", async () => {
    const error = new other.BatchError(new Map([[1, "one"]]));
    const { failure, loads, letters } = await endOf(own, error);
    expect(failure).toBe(undefined);
    expect([loads, letters]).toEqual([[[0, 1, 2, 3], [0, 2, 3]], [1]]);
  });

  it("a SplitError halves the batch", async () => {
    for (const options of [{}, { deadLetters: undefined, retry: undefined }]) {
      const { loads } = await endOf(own, new other.SplitError(), options);
      expect(loads).toEqual([[0, 1, 2, 3], [0, 1], [2, 3]]);
    }
  });

  it("a RetryAfterError sets the delay", async () => {
    const error = new other.RetryAfterError("0");
    const retry = { maxAttempts: 2, baseDelay: 1e9, jitter: "none" } as const;
    const { failure, loads } = await endOf(own, error, { retry });
    expect([failure, loads.length]).toEqual([undefined, 2]);
  });

  it("errors of a load that is a run of the other keep their properties", async () => {
    const inner = other.etl({
      name: "inner",
      extract: () => [1],
      load: () => Promise.reject("no"),
    });
    const load = async () => void await inner.run();
    const run = own.etl({ name: "outer", extract: () => [1], load }).run();
    const failure: core.PipelineError = await run.then(() => undefined, (error) => error);
    expect(failure.cause).toMatchObject({ name: "PipelineError", pipeline: "inner" });
  });

  it("retry() does not repeat what no attempt can change", async () => {
    for (const error of [new other.FencedError("key"), new other.ConfigurationError("wrong")]) {
      let calls = 0;
      const call = () => {
        calls++;
        throw error;
      };
      await expect(own.retry(call, { maxAttempts: 3, baseDelay: 0 })).rejects.toBe(error);
      expect(calls).toBe(1);
    }
  });

  it("rows in the place of one are several rows", async () => {
    const { many, skip, wholeBatch } = other;
    const several = (n: number) => n === 0 ? skip : n === 1 ? n : many([n, -n]);
    const transforms = [
      { transform: several },
      { transform: async (n: number) => several(n) },
      { transformBatch: (ns: number[]) => ns.map(several) },
      { transformBatch: (ns: number[]) => wholeBatch(ns.flatMap((n) => n < 2 ? [] : [n, -n, n])) },
    ] as Partial<core.Pipeline<number>>[];
    const loads: number[][] = [];
    for (const members of transforms) {
      const load = (rows: number[]) => void loads.push(rows);
      await own.etl({ name: "n", extract: () => [0, 1, 2], ...members, load }).run({
        batchSize: 3,
      });
    }
    expect(loads).toEqual([...Array(3).fill([1, 2, -2]), [2, -2, 2]]);
  });

  it("chunks() are chunks", async () => {
    const source = other.chunks([[1, 2], [3]]);
    expect(await Array.fromAsync(own.batched(source, { batchSize: 3 }))).toEqual([[1, 2, 3]]);
    const letters = [{ item: 7, stage: "transform", error: 0, attempts: 1, offset: 0 }];
    const loaded: unknown[] = [];
    const pipeline = {
      name: "seven",
      extract: () => source,
      load: (rows: unknown[]) => void loaded.push(...rows),
    }; // deno-fmt-ignore-line
    await own.etl(pipeline).run();
    await own.replay(other.chunks([letters]) as never, pipeline).run();
    expect(loaded).toEqual([1, 2, 3, 7]);
  });

  it("skip leaves an item out", async () => {
    expect(own.skip).toBe(other.skip);
    expect(own.commitsTo).toBe(other.commitsTo);
  });

  it("a RateLimiter is one, and is shared", async () => {
    const limiter = new other.RateLimiter({ limit: 3, interval: 60_000 });
    await own.etl({ name: "one", extract: () => [1], load: () => {} }).run({ rateLimit: limiter });
    const stream = new own.RateLimitStream<number>(limiter);
    await Array.fromAsync(streamOf([1, 2]).pipeThrough(stream));
    expect(limiter.tryAcquire()).toBe(false);
  });

  it("its streams, stores and signals are valid options and sources", async () => {
    const store = new other.MemoryCheckpointStore();
    const bytes = new TransformStream<Uint8Array, Uint8Array>();
    const text = new Response(bytes.readable).text();
    const source = () => other.batched([1, 2, 3], { batchSize: 2 });
    const { signal } = new AbortController();
    const report = await own.etl<number[], number[]>({
      name: "batches",
      extract: source,
      transform: (batch) => batch.length === 1 ? other.skip : batch,
      load: () => Promise.reject(new other.BatchError(new Map([[0, "no"]]))),
    }).run({
      ...{ signal, checkpoints: store, batchSize: 2 },
      deadLetters: () => other.ndjsonDeadLetters(bytes.writable),
    });
    expect(report).toMatchObject({ deadLettered: 1, skipped: 1 });
    const letters = own.readDeadLetters(new Response(await text).body!);
    expect((await Array.fromAsync(letters)).map(({ item }) => item)).toEqual([[1, 2]]);
    expect((await store.read("batches"))?.offset).toBe(2);
  });

  it("a claim that another run has taken over is lost", async () => {
    const store = new other.MemoryCheckpointStore();
    const write = store.write.bind(store);
    store.write = (...parts) => {
      if (parts[1].offset > 0) throw new other.FencedError(parts[0]);
      return write(...parts);
    };
    const run = own.etl({ name: "fenced", extract: () => [1], load: () => {} });
    const failure: core.PipelineError = await run.run({ checkpoints: store })
      .then(() => undefined, (error) => error);
    expect(failure).toMatchObject({ stage: "checkpoints", cause: { code: "FENCED" } });
  });

  it("a pipeline of etl() runs in a manager, is replayed and is instrumented", async () => {
    const loaded: number[] = [];
    const numbers = other.etl<number, number>({
      name: "numbers",
      extract: () => [1],
      transform: (n) => n * 10,
      load: (rows) => void loaded.push(...rows),
    }, { batchSize: 5 });
    const report = await new own.EtlManager().add(numbers).runAll();
    expect(report.reports[0]).toMatchObject({ name: "numbers", loaded: 1 });
    const letter = { item: 2, row: 7, stage: "load", error: 0, attempts: 1, offset: 0 };
    const replaying = own.replay<number, number>([letter] as never, numbers);
    expect(replaying.defaults.batchSize).toBe(5);
    await replaying.run();
    await own.instrument(numbers, {}).run();
    expect(loaded).toEqual([10, 7, 10]);
  });

  it("a replay of the other runs in a manager, and may be replayed in turn", async () => {
    const loaded: number[] = [];
    const pipeline = {
      name: "numbers",
      extract: () => [1],
      load: (rows: number[]) => void loaded.push(...rows),
    };
    const letter = { item: 2, row: 7, stage: "load", error: 0, attempts: 2, offset: 5 };
    const kept = new KeptLetters<number>();
    const replaying = other.replay<number, number>([letter] as never, pipeline);
    const checkpoints = new own.MemoryCheckpointStore();
    await new own.EtlManager({ checkpoints, deadLetters: kept.stream as never })
      .add(replaying).runAll();
    expect([loaded, await checkpoints.read("numbers")]).toEqual([[7], undefined]);
    await own.replay([letter] as never, replaying as never).run();
    expect(loaded).toEqual([7, 7]);

    const failing = other.replay<number, number>([letter] as never, {
      ...pipeline,
      load: () => Promise.reject("no"),
    });
    await new own.EtlManager({ deadLetters: kept.stream as never }).add(failing).runAll();
    expect(kept.letters).toMatchObject([{ item: 2, row: 7, attempts: 3, offset: 5 }]);
  });

  it("a sink of the other commits rows and mark together, and names the bad ones", async () => {
    const db = new DatabaseSync(":memory:");
    db.exec("create table number (n integer) strict");
    const sink = other.sqliteSink(db, { table: "number", columns: ["n"] });
    const kept = new KeptLetters<unknown>();
    const numbers = own.etl<{ n: unknown }>({
      name: "numbers",
      extract: () => [{ n: 1 }, { n: {} }, { n: 3 }],
      load: sink.load,
    });
    const options = { batchSize: 3, checkpoints: sink.checkpoints };
    expect(numbers.describe(options).guarantee).toBe("effectively-once");
    await numbers.run({ ...options, deadLetters: kept.stream as never });
    expect(db.prepare("select n from number").all().map(({ n }) => n)).toEqual([1, 3]);
    expect(kept.items).toEqual([{ n: {} }]);
  });
});
