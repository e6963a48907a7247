import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type AddOptions,
  etl,
  EtlManager,
  type ManagerOptions,
  type ManagerRun,
  type ManagerSnapshot,
} from "../../src/index.ts";
import { showProgress } from "../../src/adapters/progress.ts";
import { settle } from "../support/outcomes/outcome.ts";
import { wait } from "../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A manager of pipelines that load an item every 100 ms. */
function managerOf(
  plan: Record<string, { items: number; fails?: boolean } & AddOptions>,
  options: ManagerOptions = {},
): EtlManager {
  const manager = new EtlManager(options);
  for (const [name, { items, fails, ...order }] of Object.entries(plan)) {
    const extract = () => Array.from({ length: items }, (_, index) => index);
    const load = async () => {
      await wait(100);
      if (fails) throw new Error(`${name} failed`);
    };
    manager.add(etl<number>({ name, extract, load }), order);
  }
  return manager;
}

/** What a snapshot says, in short: each pipeline with its state and what it has loaded. */
function brief({ state, pipelines }: ManagerSnapshot): string {
  const each = pipelines.map((one) =>
    `${one.name} ${one.state}${"loaded" in one ? ` ${one.loaded}` : ""}`
  );
  return `${state}: ${each.join(", ")}`;
}

/** Reads a stream of snapshots to its end. */
function readAll(stream: ReadableStream<ManagerSnapshot>) {
  const read: ManagerSnapshot[] = [];
  const state = { read, isOver: false };
  stream.pipeTo(new WritableStream({ write: (snapshot) => void read.push(snapshot) }))
    .then(() => state.isOver = true);
  return state;
}

const plan = { late: { items: 2, after: ["first"] }, first: { items: 3 }, other: { items: 4 } };

describe("manager.start()", () => {
  it("reports each pipeline in the order in which they were added", async () => {
    const run = managerOf(plan, { workers: 2 }).start();
    const told = [brief(run.snapshot())];
    for (let step = 0; step < 3; step++) {
      await vi.advanceTimersByTimeAsync(150);
      told.push(brief(run.snapshot()));
    }
    await vi.advanceTimersByTimeAsync(1000);
    told.push(brief(run.snapshot()));
    expect(told).toEqual([
      "running: late waiting, first running 0, other running 0",
      "running: late waiting, first running 1, other running 1",
      "running: late running 0, first ended 3, other running 3",
      "running: late running 1, first ended 3, other ended 4",
      "ended: late ended 2, first ended 3, other ended 4",
    ]);
    expect(await run.finished).toMatchObject({ outcome: "completed" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("adds up the counts of the pipelines", async () => {
    const startedAt = Date.now();
    const run = managerOf(plan).start();
    await vi.advanceTimersByTimeAsync(250);
    expect(run.snapshot()).toMatchObject({
      ...{ loaded: 4, skipped: 0, deadLettered: 0, retries: 0, startedAt, duration: 250 },
    });
    const { extracted, pending, loaded } = run.snapshot();
    expect(extracted).toBe(pending + loaded);
    await vi.advanceTimersByTimeAsync(1000);
    const last = run.snapshot();
    expect(last).toMatchObject({ extracted: 9, loaded: 9, pending: 0, duration: 500 });
    expect(JSON.parse(JSON.stringify(last))).toEqual(last);
    expect(run.snapshot()).toBe(last);
  });

  it("lists the runs that have begun, which are those of the reports", async () => {
    const run = managerOf(plan).start();
    expect(run.runs.map(({ name }) => name)).toEqual(["first", "other"]);
    await vi.advanceTimersByTimeAsync(1000);
    const { reports } = await run.finished;
    expect(run.runs.map(({ name, runId }) => ({ name, runId }))).toEqual(
      reports.map((report) => ({ name: report.name, runId: "runId" in report && report.runId })),
    );
  });

  it("reports which pipelines are skipped, and why", async () => {
    const run = managerOf({
      broken: { items: 1, fails: true },
      next: { items: 1, after: ["broken"] },
      other: { items: 5 },
    }).start();
    await vi.advanceTimersByTimeAsync(150);
    expect(run.snapshot()).toMatchObject({
      state: "running",
      pipelines: [
        { name: "broken", state: "ended", pending: 1 },
        { name: "next", state: "skipped", after: "broken" },
        { name: "other", state: "running" },
      ],
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(run.snapshot().state).toBe("ended");
    await expect(run.finished).rejects.toMatchObject({ code: "MANAGER" });
  });

  it.each(["signal", "failFast"] as const)("reports that it is draining: by %s", async (why) => {
    const stop = new AbortController();
    const run = managerOf({
      broken: { items: 1, fails: why === "failFast" },
      long: { items: 9 },
      waiting: { items: 1, after: ["long"] },
    }, { failFast: true }).start({ signal: stop.signal });
    await vi.advanceTimersByTimeAsync(50);
    if (why === "signal") stop.abort();
    await vi.advanceTimersByTimeAsync(100);
    expect(run.snapshot()).toMatchObject({
      state: "draining",
      pipelines: [{ state: "ended" }, { state: "draining" }, { name: "waiting", state: "skipped" }],
    });
    expect(run.snapshot().pipelines[2]).toStrictEqual({ name: "waiting", state: "skipped" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(run.snapshot().state).toBe("ended");
  });

  it("leaves no unhandled rejection, and completes without pipelines", async () => {
    const run = managerOf({ broken: { items: 1, fails: true } }).start();
    await vi.advanceTimersByTimeAsync(200);
    expect(run.snapshot().state).toBe("ended");
    const none = new EtlManager().start();
    await settle();
    expect(none.snapshot()).toMatchObject({ state: "ended", pipelines: [], extracted: 0 });
    expect(await none.finished).toEqual({ reports: [], outcome: "completed" });
  });

  it("unlocks the dead-letter stream that the pipelines share", async () => {
    const deadLetters = new WritableStream();
    const plan = { one: { items: 1, fails: true }, two: { items: 2, fails: true } };
    const manager = managerOf(plan, { deadLetters });
    for (const round of [1, 2]) {
      const run = manager.start();
      expect(deadLetters.locked).toBe(true);
      expect(() => manager.start()).toThrow("'deadLetters' must be an unlocked WritableStream");
      await vi.advanceTimersByTimeAsync(1000);
      expect(run.snapshot(), `round ${round}`).toMatchObject({ state: "ended", deadLettered: 3 });
      expect(deadLetters.locked).toBe(false);
    }
  });

  it("throws what runAll() rejects with if the options are wrong", async () => {
    const manager = managerOf({ lost: { items: 1, after: ["nobody"] } });
    const sentence =
      "Cannot run pipeline \"lost\" as 'after' must be a name of an added pipeline: " +
      'current value is "nobody"';
    expect(() => manager.start()).toThrow(sentence);
    await expect(manager.runAll()).rejects.toThrow(sentence);
    void manager.runAll(); // Nobody handles it.
    await settle();
    expect(() => managerOf({}).start({ signal: 1 } as object)).toThrow(
      "Cannot run pipelines as 'signal' must be an AbortSignal: current value is 1",
    );
  });
});

describe("progress of EtlManager", () => {
  it("is reported at every interval and once at the end", async () => {
    const run = managerOf(plan).start();
    const state = readAll(run.progress({ interval: 230 }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(state.isOver).toBe(true);
    expect(state.read.map(brief)).toEqual([
      "running: late waiting, first running 2, other running 2",
      "running: late running 1, first ended 3, other ended 4",
      "ended: late ended 2, first ended 3, other ended 4",
    ]);
    expect(state.read.map(({ duration }) => duration)).toEqual([230, 460, 500]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("shows the running pipeline, or else the next to come", async () => {
    const manager = managerOf(plan);
    const before = readAll(manager.progress({ interval: 230 }));
    await vi.advanceTimersByTimeAsync(1000);
    expect([before.read.length, vi.getTimerCount()]).toEqual([0, 0]);
    const all = manager.runAll();
    await vi.advanceTimersByTimeAsync(50);
    const during = readAll(manager.progress({ interval: 230 }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(await all).toMatchObject({ outcome: "completed" });
    const after = readAll(manager.progress({ interval: 230 }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(before.read.map(({ duration }) => duration)).toEqual([230, 460, 500]);
    expect(during.read.map(({ duration }) => duration)).toEqual([280, 500]);
    expect([before.isOver, during.isOver, after.isOver]).toEqual([true, true, false]);
    expect(after.read).toEqual([]);
    void manager.runAll();
    await vi.advanceTimersByTimeAsync(2000);
    expect(after.read.map(({ state }) => state)).toEqual(["running", "running", "ended"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("shows the pipeline that was started last while several run", async () => {
    const manager = managerOf({ one: { items: 5 } });
    const first = manager.start();
    await vi.advanceTimersByTimeAsync(250);
    const second = manager.start();
    const state = readAll(manager.progress({ interval: Infinity }));
    const third = manager.start(); // It was not there yet.
    await vi.advanceTimersByTimeAsync(2000);
    expect(state.read).toEqual([second.snapshot()]);
    for (const run of [first, second, third]) expect(run.snapshot().state).toBe("ended");
  });

  it("has the last snapshot for a reader that comes after the end", async () => {
    const manager = managerOf({ broken: { items: 1, fails: true } });
    const reader = manager.progress().getReader();
    const run: ManagerRun = manager.start();
    await vi.advanceTimersByTimeAsync(2000);
    expect((await reader.read()).value).toEqual(run.snapshot());
    expect((await reader.read()).done).toBe(true);
  });

  it.each(["nothing", "a read"])("can be cancelled with %s pending", async (pending) => {
    const manager = managerOf({ one: { items: 20 } });
    const readers = [manager.progress().getReader()];
    const waiting = manager.progress().getReader();
    if (pending === "a read") void waiting.read();
    if (pending === "a read") void readers[0]!.read();
    await settle();
    await readers[0]!.cancel();
    const run = manager.start();
    await settle();
    readers.push(manager.progress().getReader(), run.progress().getReader(), waiting);
    const timers = 1; // Of the load.
    for (const reader of readers.slice(1)) {
      if (pending === "a read") void reader.read();
      await settle();
      await reader.cancel();
    }
    expect(vi.getTimerCount()).toBe(timers);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("throws for an invalid interval", () => {
    const manager = managerOf({});
    const sentence = "Cannot watch progress as 'interval' must be a number above 0: " +
      "current value is 0";
    expect(() => manager.progress({ interval: 0 })).toThrow(sentence);
    expect(() => manager.start().progress({ interval: 0 })).toThrow(sentence);
    expect(() => manager.progress({ interval: 0 })).toThrow(sentence);
  });

  it("can be shown like that of a single run", async () => {
    let shown = "";
    const output = { write: (text: string) => shown += text };
    const showing = showProgress(managerOf(plan).start(), undefined, { total: 9, output });
    await vi.advanceTimersByTimeAsync(2000);
    await showing;
    expect(shown).toMatch(/all pipelines: completed, 100% of 9, 9 loaded/);
  });

  it.each([["drained", false], ["failed", true]])(
    "is shown as %s if the manager was stopped",
    async (state, fails) => {
      let shown = "";
      const output = { write: (text: string) => shown += text };
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 250);
      const manager = managerOf({ first: { items: 1, fails }, last: { items: 9 } });
      const showing = showProgress(manager.start({ signal: stop.signal }), undefined, { output });
      await vi.advanceTimersByTimeAsync(2000);
      await showing;
      expect(shown).toContain(`all pipelines: ${state}, `);
    },
  );
});
