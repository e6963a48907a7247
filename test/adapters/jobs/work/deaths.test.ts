import { describe, expect, it } from "vitest";
import {
  coordinate,
  type Job,
  type JobReport,
  MemoryJobStore,
  work,
} from "../../../../src/adapters/jobs.ts";
import { skip } from "../../../../src/index.ts";
import { type Fate, Mortal } from "../../../support/jobs/mortal.ts";
import { inTime, useOwnTime } from "../../../support/run/time.ts";
import { MemorySink, type Row } from "../../../support/sinks/memory-sink.ts";

const starts = [0, 10, 20];
const perPartition = 5;

/** A partition that kills its process. */
interface Deadly {
  readonly begin: (from: number) => void;
  readonly kill: () => Promise<never>;
  readonly maxBegun: number;
}

/** Three partitions of five rows, the first of which is skipped, in a table that takes none twice. */
class World {
  readonly store: MemoryJobStore = new MemoryJobStore({ lease: 3000 });
  readonly table: MemorySink = new MemorySink();

  job(sink: MemorySink = this.table, deadly?: Deadly): Job<number, number, Row> {
    return {
      name: "rows",
      split: () => starts,
      id: (from) => `from ${from}`,
      pipeline: (from) => {
        deadly?.begin(from);
        return {
          extract: () => Array.from({ length: perPartition }, (_, n) => from + n),
          transform: (id) => {
            if (deadly !== undefined && from === 0) return deadly.kill();
            return id % 10 === 0 ? skip : { id, name: `${id}` };
          },
          load: sink.load,
        };
      },
    };
  }

  work(process: Mortal = new Mortal(), deadly?: Deadly) {
    const sink = process.sink(this.table);
    const { maxBegun } = deadly ?? {};
    const run = {
      checkpoints: sink.checkpoints,
      guarantee: "effectively-once",
      batchSize: 2,
    } as const;
    const store = process.store(this.store);
    const job = this.job(sink, deadly);
    return work(job, { store, until: "done", maxFailures: 1, maxBegun, run });
  }

  coordinate(process: Mortal = new Mortal(), signal?: AbortSignal) {
    return coordinate(this.job(), { store: process.store(this.store), signal });
  }

  /** All rows are there once, and the report tells of all. */
  expectWhole(report: JobReport): void {
    expect([...this.table.table.keys()].toSorted((a, b) => a - b)).toEqual(
      starts.flatMap((from) => [1, 2, 3, 4].map((n) => from + n)),
    );
    expect(report).toMatchObject({
      ...{ outcome: "completed", partitions: { total: 3, completed: 3, dead: 0, cancelled: 0 } },
      ...{ extracted: 15, loaded: 12, skipped: 3, deadLettered: 0, pending: 0, earlier: 0 },
    });
  }
}

/** Tries a fate at each call, until a process has ended before it could meet it. */
async function atEachCall(
  end: Fate["end"],
  live: (process: Mortal, at: number) => Promise<boolean>,
): Promise<number> {
  for (let at = 1;; at++) if (!await live(new Mortal({ at, end }), at)) return at - 1;
}

/** Whether the process has met its fate before it ended. */
async function hasMet(process: Mortal, ended: Promise<unknown>): Promise<boolean> {
  const fates = [process.met.then(() => true), ended.then(() => false, () => false)];
  return await inTime(Promise.race(fates));
}

describe("a job", () => {
  useOwnTime();

  it.each(["before", "after"] as const)(
    "loads each row once, at whichever call a worker is killed (%s it)",
    async (end) => {
      const calls = await atEachCall(end, async (process) => {
        const world = new World();
        const coordinating = world.coordinate();
        const isKilled = await hasMet(process, world.work(process));
        const [report] = await inTime(Promise.all([coordinating, world.work()]));
        world.expectWhole(report);
        return isKilled;
      });
      expect(calls).toBeGreaterThan(30);
    },
  );

  it("loads each row once, at whichever call a worker is frozen that comes back", async () => {
    const calls = await atEachCall("freeze", async (process) => {
      const world = new World();
      const coordinating = world.coordinate();
      const frozen = world.work(process);
      const isFrozen = await hasMet(process, frozen);
      const [report, summary] = await inTime(Promise.all([coordinating, frozen, world.work()]));
      world.expectWhole(report);
      expect(summary.dead).toBe(0);
      return isFrozen;
    });
    expect(calls).toBeGreaterThan(30);
  });

  it.each(["before", "after"] as const)(
    "is split and told of as a whole, at whichever call its coordinator is killed (%s it)",
    async (end) => {
      const calls = await atEachCall(end, async (process) => {
        const world = new World();
        const working = world.work();
        const isKilled = await hasMet(process, world.coordinate(process));
        const [report] = await inTime(Promise.all([world.coordinate(), working]));
        world.expectWhole(report);
        return isKilled;
      });
      expect(calls).toBeGreaterThan(3);
    },
  );

  it("leaves a partition dead that kills its worker each time, after the others", async () => {
    const world = new World();
    const coordinating = world.coordinate();
    const order: number[] = [];
    let isOver = false;
    coordinating.then(() => void (isOver = true));
    for (let life = 0; !isOver; life++) {
      expect(life).toBeLessThan(5);
      const process = new Mortal();
      const kill = () => {
        process.kill();
        return new Promise<never>(() => {});
      };
      const begin = (from: number) => void order.push(from);
      await inTime(Promise.race([process.met, world.work(process, { begin, kill, maxBegun: 2 })]));
    }
    const report = await coordinating;
    expect(report.dead).toMatchObject([{ partition: "from 0", state: "dead", begun: 3 }]);
    expect(report).toMatchObject({ outcome: "failed", loaded: 8 });
    expect(order).toEqual([0, 10, 20, 0]);
  });

  it("ends when its processes are begun again, at whichever call they lose the store", async () => {
    const calls = await atEachCall("storeless", async (process) => {
      const world = new World();
      const coordinating = world.coordinate();
      const working = world.work(process);
      const isLost = await hasMet(process, working);
      if (isLost) await expect(inTime(working)).rejects.toThrow("The store is gone");
      const [report] = await inTime(Promise.all([coordinating, world.work()]));
      world.expectWhole(report);
      return isLost;
    });
    expect(calls).toBeGreaterThan(30);
  });

  it("blames no partition, at whichever call the target cannot be reached", async () => {
    const calls = await atEachCall("refused", async (process) => {
      const world = new World();
      const coordinating = world.coordinate();
      const working = world.work(process);
      const isRefused = await hasMet(process, working);
      const [report] = await inTime(Promise.all([coordinating, working]));
      world.expectWhole(report);
      return isRefused;
    });
    expect(calls).toBeGreaterThan(30);
  });

  it("is drained, at whichever call of a worker it is cancelled", async () => {
    const calls = await atEachCall("told", async (process) => {
      const world = new World();
      const stop = new AbortController();
      const coordinating = world.coordinate(new Mortal(), stop.signal);
      const working = world.work(process);
      process.met.then(() => stop.abort(new Error("enough")));
      const isTold = await hasMet(process, working);
      const [report] = await inTime(Promise.all([coordinating, working]));
      expect(report.loaded).toBe(world.table.table.size);
      expect(report.pending).toBe(0);
      expect(report.extracted).toBe(report.loaded + report.skipped);
      const { total, completed, dead, cancelled } = report.partitions;
      expect([completed + cancelled, dead]).toEqual([total, 0]);
      return isTold && report.outcome === "drained";
    });
    expect(calls).toBeGreaterThan(20);
  });
});
