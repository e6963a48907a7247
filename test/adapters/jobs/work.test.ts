import { describe, expect, it } from "vitest";
import { coordinate, work } from "../../../src/adapters/jobs.ts";
import { MemoryCheckpointStore } from "../../../src/checkpoints/memory-checkpoint-store.ts";
import { etl } from "../../../src/etl/etl.ts";
import { FencedError } from "../../../src/errors.ts";
import { numbers, numbersJob } from "../../support/jobs/numbers-job.ts";
import { inTime, useOwnTime } from "../../support/run/time.ts";

const nothing = { completed: 0, cancelled: 0, dead: 0, failed: 0, fenced: 0, returned: 0, lost: 0 };
const until = "done";

describe("work()", () => {
  useOwnTime();

  it("runs each partition once, in several lanes", async () => {
    const { job, loaded, store } = numbersJob();
    const jobs = [coordinate(job, { store }), work(job, { store, lanes: 2, until })] as const;
    const [report, summary] = await inTime(Promise.all(jobs));
    expect(loaded.toSorted((a, b) => a - b)).toEqual(numbers);
    expect(summary).toEqual({ ...nothing, completed: 3 });
    expect(report).toMatchObject({ outcome: "completed", extracted: 30, loaded: 30, pending: 0 });
  });

  it("gives back a partition whose budget is used up, and goes on with it", async () => {
    const { job, loaded, store } = numbersJob();
    const budget = { batches: 1 };
    const run = { checkpoints: new MemoryCheckpointStore(), batchSize: 3, budget };
    const working = work(job, { store, until, run, maxBegun: 1, lanes: 2 });
    const [report, summary] = await inTime(Promise.all([coordinate(job, { store }), working]));
    expect(loaded.toSorted((a, b) => a - b)).toEqual(numbers);
    expect(summary).toEqual({ ...nothing, completed: 3, returned: 9 });
    expect(report).toMatchObject({ outcome: "completed", loaded: 30, pending: 0 });
    await expect(work(job, { store, run: { budget } })).rejects.toThrow(
      "Cannot work on a job as 'run.budget' must be omitted without 'run.checkpoints'",
    );
  });

  it("begins a partition that failed again, later each time, until it is dead", async () => {
    const times: number[] = [];
    const { job, store } = numbersJob((from) =>
      from !== 10 ? {} : {
        load() {
          times.push(Date.now());
          throw new Error("no 10");
        },
      }
    );
    const running = Promise.all([coordinate(job, { store }), work(job, { store, until })] as const);
    const [report, summary] = await inTime(running);
    expect(times.slice(1).map((time, n) => Math.round((time - times[n]!) / 1000))).toEqual([1, 2]);
    expect(summary).toEqual({ ...nothing, completed: 2, failed: 2, dead: 1 });
    expect(report).toMatchObject({
      ...{ outcome: "failed", loaded: 20 },
      dead: [{ partition: "from 10", failures: 2, state: "dead" }],
    });
    expect(report.dead[0]?.error).toContain("no 10");
  });

  it.each([
    ["a key that another has", "fenced", () => new FencedError("numbers", "another")],
    ["a key of a sink", "returned", () => new Error("x", { cause: new FencedError("numbers") })],
    [
      "a server that is gone",
      "returned",
      () => Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
    ],
    [
      "a server that was killed",
      "returned",
      () => new Error("x", { cause: new Error("Connection terminated unexpectedly") }),
    ],
    [
      "a server that starts",
      "returned",
      () => new Error("x", { cause: Object.assign(new Error("y"), { code: "57P03" }) }),
    ],
  ])("does not count %s as a failure, but as %s", async (_, end, failure) => {
    let calls = 0;
    const { job, store } = numbersJob((from) =>
      from !== 0 ? {} : {
        preProcess() {
          if (++calls <= 20) throw failure();
        },
      }
    );
    const working = work(job, { store, until, maxFailures: 1, maxBegun: 1 });
    const [report, summary] = await inTime(Promise.all([coordinate(job, { store }), working]));
    expect(summary).toEqual({ ...nothing, completed: 3, [end]: 20 });
    expect(report.outcome).toBe("completed");
  });

  it("gives back what another run has fenced off, whatever is transient", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const { job, store, loaded } = numbersJob();
    const pipeline = { ...job.pipeline(10), name: job.name };
    let free = () => {};
    const load = () => new Promise<void>((go) => free = go);
    const claim = { checkpoints, partition: "from 10", lease: Infinity } as const;
    const other = etl({ ...pipeline, load }).start({ ...claim, batchSize: 10 });
    const isTransient = () => expect.unreachable("asked");
    const run = { checkpoints };
    const working = work(job, { store, until, maxFailures: 1, isTransient, run });
    setTimeout(() => free(), 20_000);
    const jobs = [coordinate(job, { store }), working, other.finished] as const;
    const [report, summary] = await inTime(Promise.all(jobs));
    expect(summary).toMatchObject({ completed: 3, failed: 0, dead: 0, returned: 0 });
    expect(summary.fenced).toBeGreaterThan(0);
    expect(report).toMatchObject({ outcome: "completed", extracted: 30, loaded: 30 });
    expect(loaded).toHaveLength(20);
  });

  it("works on partitions that are added while the job runs, in any lane of any worker", async () => {
    const { job, store, loaded } = numbersJob(() => ({
      async load(rows) {
        await new Promise((go) => setTimeout(go, 1000));
        loaded.push(...rows);
      },
    }));
    const stop = new AbortController();
    const { signal } = stop;
    const working = Promise.all([
      work(job, { store, signal, lanes: 2 }),
      work(job, { store, signal }),
    ]);
    expect((await inTime(coordinate(job, { store }))).partitions.completed).toBe(3);
    await store.add([30, 40].map((from) => ({ id: job.id(from), descriptor: from })));
    expect((await store.read()).state).toBe("running"); // It had ended.
    const report = await inTime(coordinate(job, { store }));
    expect(report).toMatchObject({ outcome: "completed", loaded: 50, partitions: { total: 5 } });
    stop.abort();
    const summaries = await inTime(working);
    expect(summaries[0].completed + summaries[1].completed).toBe(5);
    expect(loaded.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it("leaves a partition dead that has ended its worker each time", async () => {
    const { job, store, loaded } = numbersJob();
    await store.add([{ id: "from 0", descriptor: 0 }]);
    for (let begun = 0; begun < 2; begun++) {
      const lease = await store.take("killed");
      expect(lease!.counts.loaded).toBe(begun === 0 ? 0 : 4);
      await lease!.extend({ ...lease!.counts, extracted: 4, loaded: 4 });
      await inTime(new Promise((go) => setTimeout(go, 3000)));
    }
    const working = work(job, { store, until, maxBegun: 2 });
    const [report] = await inTime(Promise.all([coordinate(job, { store }), working]));
    expect(report.dead).toMatchObject([{ partition: "from 0", begun: 3, loaded: 4 }]);
    expect(report.loaded).toBe(24); // What it had told is counted still.
    expect(report.dead[0]?.error).toBe("It was begun 2 times, and each time its worker was lost");
    expect(loaded).toHaveLength(20);
  });

  it("goes on where a worker before it has stopped, and counts all of it", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const stop = new AbortController();
    const { job, store, loaded } = numbersJob(() => ({
      async load(rows) {
        await new Promise((go) => setTimeout(go, 1000));
        loaded.push(...rows);
        if (loaded.length === 4) stop.abort();
      },
    }));
    const run = { checkpoints, batchSize: 2 };
    const coordinating = coordinate(job, { store });
    const stopped = await inTime(work(job, { store, until, run, signal: stop.signal }));
    expect(stopped).toEqual({ ...nothing, returned: 1 });
    const [report, summary] = await inTime(
      Promise.all([coordinating, work(job, { store, until, run })]),
    );
    expect(loaded.toSorted((a, b) => a - b)).toEqual(numbers);
    expect(summary).toEqual({ ...nothing, completed: 3 });
    expect(report).toMatchObject({ extracted: 30, loaded: 30, earlier: 0, rows: 30 });
  });

  it("stops a run whose lease is lost, and leaves it to the other", async () => {
    const { job, store } = numbersJob(() => ({
      load: (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    }));
    await store.add([{ id: "from 0", descriptor: 0 }]);
    const take = store.take.bind(store);
    let isTaken = false;
    store.take = async (worker) => {
      if (isTaken) return undefined;
      isTaken = true;
      const lease = await take(worker);
      return lease && { ...lease, extend: () => Promise.resolve("lost") };
    };
    await store.seal();
    const stop = new AbortController();
    const working = work(job, { store, signal: stop.signal });
    await inTime(new Promise((go) => setTimeout(go, 2000)));
    stop.abort();
    expect(await inTime(working)).toEqual({ ...nothing, lost: 1 });
  });

  it("ends when the store fails, and gives back what it has", async () => {
    const { job, store } = numbersJob(() => ({
      load: () => new Promise((go) => setTimeout(go, 5000)),
    }));
    const coordinating = coordinate(job, { store });
    const take = store.take.bind(store);
    let takes = 0;
    store.take = (worker) => ++takes === 2 ? Promise.reject(new Error("gone")) : take(worker);
    await expect(inTime(work(job, { store, lanes: 2 }))).rejects.toThrow("gone");
    expect((await store.read()).partitions.held).toBe(0);
    await store.cancel();
    await inTime(coordinating);
  });

  it("ends where an option of the runs breaks its rule, and blames no partition for it", async () => {
    const { job, store } = numbersJob();
    const coordinating = coordinate(job, { store });
    const working = work(job, { store, lanes: 2, maxFailures: 1, run: { batchSize: 0 } });
    await expect(inTime(working)).rejects.toThrow("'batchSize' must be");
    expect((await store.read()).partitions).toMatchObject({ dead: 0, held: 0 });
    await store.cancel();
    await inTime(coordinating);
  });

  it.each([
    [() => undefined, "'isTransient' must be a function that returns a boolean: current value is"],
    [() => expect.unreachable("asked"), "asked"],
  ])(
    "ends where 'isTransient' gives no answer, and blames no partition for it",
    async (...given) => {
      const { job, store } = numbersJob(() => ({
        load() {
          throw new Error("no");
        },
      }));
      const coordinating = coordinate(job, { store });
      const isTransient = given[0] as never;
      const working = work(job, { store, maxFailures: 1, isTransient });
      await expect(inTime(working)).rejects.toThrow(given[1]);
      expect((await store.read()).partitions).toMatchObject({ dead: 0, held: 0 });
      await store.cancel();
      await inTime(coordinating);
    },
  );

  it("refuses what breaks a rule, before anything is called", async () => {
    const { job, store } = numbersJob();
    const of = (options: object) => work(job, { store, ...options });
    await expect(of({ lanes: 0 })).rejects.toThrow("'lanes' must be a positive integer");
    await expect(of({ store: {} })).rejects.toThrow("'store' must be a JobStore, with 'add'");
    await expect(of({ run: { deadLetters: new WritableStream() } })).rejects.toThrow(
      "'run.deadLetters' must be a function that opens a WritableStream for each partition",
    );
    await expect(of({ until: "idle" })).rejects.toThrow("'until' must be");
    await expect(work({ ...job, id: 1 } as never, { store })).rejects.toThrow("'id' must be");
    await expect(work(undefined as never, { store })).rejects.toThrow(
      "Cannot work on a job as 'name' must be a non-empty string: current value is undefined",
    );
    await expect(work({ ...job, pipeline: undefined } as never, { store })).rejects.toThrow(
      "'pipeline' must be a function: current value is undefined",
    );
    await expect(of({ store: undefined })).rejects.toThrow("'store' must be a JobStore, with");
  });
});
