import { describe, expect, it } from "vitest";
import { coordinate, type Job, type JobSnapshot, work } from "../../../src/adapters/jobs.ts";
import { showProgress } from "../../../src/adapters/progress.ts";
import { leased, many, skip } from "../../../src/index.ts";
import { numbersJob } from "../../support/jobs/numbers-job.ts";
import { inTime, useOwnTime } from "../../support/run/time.ts";

const until = "done";

describe("coordinate()", () => {
  useOwnTime();

  it("splits again after a crash, and adds what is missing", async () => {
    const { job, store, loaded } = numbersJob();
    await store.add([{ id: "from 0", descriptor: 0 }]);
    const running = Promise.all([coordinate(job, { store }), work(job, { store, until })]);
    const [report] = await inTime(running);
    expect(report.partitions).toEqual({ total: 3, completed: 3, dead: 0, cancelled: 0 });
    expect(loaded).toHaveLength(30);
  });

  it("only watches a job that is split", async () => {
    const { job, store } = numbersJob();
    await inTime(Promise.all([coordinate(job, { store }), work(job, { store, until })]));
    const again = await inTime(
      coordinate({ ...job, split: () => expect.unreachable() }, { store }),
    );
    expect(again).toMatchObject({ outcome: "completed", loaded: 30 });
  });

  it("tells how far the job is", async () => {
    const { job, store } = numbersJob();
    const seen: JobSnapshot[] = [];
    const onProgress = (snapshot: JobSnapshot) => void seen.push(snapshot);
    const coordinating = coordinate(job, { store, onProgress });
    await inTime(Promise.all([coordinating, work(job, { store, until })]));
    expect(seen.at(0)).toMatchObject({ name: "numbers", state: "running", loaded: 0 });
    expect(seen.at(-1)).toMatchObject({ state: "ended", loaded: 30, partitions: { completed: 3 } });
  });

  it("adds up what became of the items of all partitions, and their rows", async () => {
    const { job, store } = numbersJob();
    const back: number[] = [];
    const reject = (items: readonly number[]) => {
      back.push(...items);
      return "returned" as const;
    };
    const pipeline = (from: number) => ({
      extract: () =>
        leased(Array.from({ length: 10 }, (_, n) => from + n), { acknowledge: () => {}, reject }),
      transform: (n: number) => {
        if (n % 10 === 1) throw new Error("no 1");
        return n % 10 < 4 ? skip : many([n, n]);
      },
      load: () => {},
    });
    const leasing: Job<number, number> = { ...job, pipeline };
    const running = Promise.all([coordinate(leasing, { store }), work(leasing, { store, until })]);
    const [report] = await inTime(running);
    expect(back).toEqual([1, 11, 21]);
    expect(report).toMatchObject({
      ...{ outcome: "completed", extracted: 30, loaded: 18, skipped: 9, deadLettered: 0 },
      ...{ returned: 3, pending: 0, earlier: 0, rows: 36 },
    });
  });

  it("is shown like a run, with what all workers do", async () => {
    const { job, store } = numbersJob(() => ({
      load: () => new Promise((go) => setTimeout(go, 1000)),
    }));
    const coordinating = coordinate(job, { store });
    expect(coordinating.snapshot()).toMatchObject({ name: "numbers", state: "running", loaded: 0 });
    let shown = "";
    const output = { write: (text: string) => shown += text };
    const showing = showProgress(coordinating, undefined, { output, total: 30, interval: 1000 });
    const run = { batchSize: 10 };
    const workers = [work(job, { store, until, run }), work(job, { store, until, run })];
    await inTime(Promise.all([showing, ...workers]));
    expect(shown).toMatch(/numbers: 66% of 30, 2 of 3 partitions, 20 loaded/);
    expect(shown).toMatch(
      /numbers: completed, 100% of 30, 3 of 3 partitions, 30 loaded, .* in 2\.0 s/,
    );
    const { duration } = await coordinating;
    await inTime(new Promise((go) => setTimeout(go, 5000)));
    expect(coordinating.snapshot()).toMatchObject({ state: "ended", loaded: 30, duration });
  });

  it("cancels the job by its signal: what runs is drained, the rest is not begun", async () => {
    const stop = new AbortController();
    const { job, store, loaded } = numbersJob(() => ({
      async load(rows) {
        await new Promise((go) => setTimeout(go, 2000));
        loaded.push(...rows);
        stop.abort(new Error("enough"));
      },
    }));
    const coordinating = coordinate(job, { store, signal: stop.signal });
    const working = work(job, { store, until, run: { batchSize: 2 } });
    stop.signal.addEventListener(
      "abort",
      () => setTimeout(() => states.push(coordinating.snapshot().state), 0),
    );
    const states: string[] = [];
    const [report, summary] = await inTime(Promise.all([coordinating, working]));
    expect(states).toEqual(["draining"]);
    expect(report).toMatchObject({
      ...{ outcome: "drained", reason: "enough", pending: 0, loaded: loaded.length },
      partitions: { total: 3, completed: 0, dead: 0, cancelled: 3 },
    });
    expect(summary).toMatchObject({ completed: 0, cancelled: 1 });
  });

  it("cancels the job when too many partitions are dead", async () => {
    const { job, store } = numbersJob(() => ({
      load() {
        throw new Error("no");
      },
    }));
    const working = work(job, { store, until, maxFailures: 1 });
    const [report] = await inTime(
      Promise.all([coordinate(job, { store, maxDead: 0 }), working]),
    );
    expect(report).toMatchObject({
      outcome: "drained",
      reason: "More than 0 partitions are dead, which is 'maxDead'",
    });
    expect(report.dead.length).toBeGreaterThan(0);
  });

  it.each(["", "twice", 1])(
    "refuses a partition whose id is %o",
    async (id) => {
      const { job, store } = numbersJob();
      const twice = { ...job, id: () => id as string };
      await expect(coordinate(twice, { store })).rejects.toThrow(
        "Cannot split a job as 'id' must be a non-empty string that no other partition has",
      );
    },
  );

  it("rejects when the job cannot be split, or not be cancelled", async () => {
    const { job, store } = numbersJob();
    const split = () => {
      throw new Error("no table");
    };
    await expect(coordinate({ ...job, split }, { store })).rejects.toThrow("no table");
    store.cancel = () => Promise.reject(new Error("gone"));
    const stop = new AbortController();
    const coordinating = coordinate(job, { store, signal: stop.signal });
    stop.abort();
    await expect(inTime(coordinating)).rejects.toThrow("gone");
  });

  it("refuses what breaks a rule, before anything is called", async () => {
    const { job, store } = numbersJob();
    await expect(coordinate(job, { store, maxDead: -1 })).rejects.toThrow("'maxDead' must be");
    await expect(coordinate({ ...job, name: "" }, { store })).rejects.toThrow("'name' must be");
    for (const member of ["name", "split", "id"]) {
      const given = { ...job, [member]: undefined } as never;
      await expect(coordinate(given, { store })).rejects.toThrow(
        `Cannot coordinate a job as '${member}' must be`,
      );
    }
    await expect(coordinate(job, {} as never)).rejects.toThrow("'store' must be a JobStore, with");
  });
});
