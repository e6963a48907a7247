import * as fc from "fast-check";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import {
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  type DeadLetter,
  etl,
  type FinishedCounts,
  malformed,
  type RunReport,
  skip,
} from "../../../src/index.ts";
import * as kit from "../../../src/adapters/checkpoint.ts";
import { turns } from "../../support/outcomes/outcome.ts";
import { isSlow, wait } from "../../support/run/time.ts";

/** What is to become of an item. */
type Fate = "loaded" | "skipped" | "bad row" | "bad item" | "broken";

interface Plan {
  readonly fates: readonly Fate[];
  readonly batchSize: number;
  readonly workers: number;
  /** How long loads, transforms and the store take, in turn. */
  readonly delays: readonly number[];
  /** Loads that commit, and whose answer is lost. */
  readonly lost: readonly number[];
  /** Whether the loads commit their marks. */
  readonly isTransactional: boolean;
  /** Whether the transform gives a promise. */
  readonly isAsync: boolean;
  /** When a run is killed, in milliseconds. */
  readonly kills: readonly number[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  fates: fc.array(
    fc.constantFrom<Fate>("loaded", "loaded", "skipped", "bad row", "bad item", "broken"),
    { maxLength: 40 },
  ),
  batchSize: fc.integer({ min: 1, max: 6 }),
  workers: fc.integer({ min: 1, max: 5 }),
  delays: fc.array(fc.constantFrom(0, 0, 1, 4, 9), { minLength: 1, maxLength: 7 }),
  lost: fc.array(fc.nat(20), { maxLength: 4 }),
  isTransactional: fc.boolean(),
  isAsync: fc.boolean(),
  kills: fc.array(fc.nat(40), { maxLength: 4 }),
});

class Lost extends Error {}

/** A database: each method is a transaction, which takes its time on the way there and back. */
class World {
  readonly problems: string[] = [];
  readonly reports: RunReport[] = [];
  kept: kit.WritePlan | undefined;
  #claim: Claim | undefined;
  readonly #plan: Plan;
  #calls = 0;
  #loads = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Runs until one run completes. */
  async live(): Promise<void> {
    for (const kill of [...this.#plan.kills, undefined]) {
      const life = new AbortController();
      const run = this.#start(life.signal);
      const ended = run.finished.then((report) => void this.reports.push(report), () => {});
      if (kill === undefined) return await ended;
      await Promise.race([ended, wait(kill)]);
      life.abort();
      run.abort();
      if (this.reports.length > 0) return;
    }
  }

  #start(life: AbortSignal) {
    const { batchSize, workers, fates, isAsync } = this.#plan;
    const { load, store } = this.#sink(life);
    const map = (n: number) => {
      if (fates[n] === "bad item") throw new Error("bad item");
      return fates[n] === "skipped" ? skip : n;
    };
    return etl<number, number>({
      name: "numbers",
      extract: () => fates.map((fate, n) => fate === "broken" ? malformed(n, fate) : n),
      transform: isAsync ? (n) => wait(this.#delay()).then(() => map(n)) : map,
      load,
    }).start({
      ...{ batchSize, workers, checkpoints: store, lease: 30, abortTimeout: 1 },
      retry: { maxAttempts: 9, baseDelay: 1, isRetriable: (error) => error instanceof Lost },
      deadLetters: () =>
        new WritableStream<DeadLetter<number>>({ write: () => life.throwIfAborted() }),
    });
  }

  #sink(life: AbortSignal) {
    const { isTransactional, fates, lost } = this.#plan;
    const claims = new kit.ClaimRegistry();
    const find = (): kit.KeptKey => ({
      owner: this.#claim?.runId,
      loadedBy: this.kept?.loadedBy,
      stored: () => this.kept?.next,
    });
    const call = async <R>(act: () => R): Promise<R> => {
      await wait(this.#delay());
      life.throwIfAborted();
      const result = act();
      await wait(this.#delay());
      life.throwIfAborted();
      return result;
    };
    const store: CheckpointStore = {
      read: () => call(() => this.kept?.next),
      write: (key, checkpoint) => call(() => this.#keep(kit.planWrite(key, checkpoint, find()))),
      claim: (key, claim, now) =>
        call(() => {
          const held = this.#claim;
          if (held && held.runId !== claim.runId && held.until > now) return held;
          this.#claim = claim;
          claims.onClaimed(key, claim.runId, this.kept?.next);
          return claim;
        }),
      release: (key, runId) =>
        call(() => {
          if (this.#claim?.runId === runId) this.#claim = undefined;
          claims.onReleased(key, runId);
        }),
    };
    const { load } = kit.sinkLoads(store, (rows, context, isMarked) => async () => {
      const number = this.#loads++;
      await call(() => {
        if (rows.some((n) => fates[n as unknown as number] === "bad row")) throw new Error("bad");
        if (!isTransactional) return;
        const mark = kit.markOf("numbers", context, isMarked);
        const plan = kit.planCommit(mark, find(), claims);
        if (plan === "skip") return;
        if (plan.write) this.#keep(plan.write);
        claims.onCommitted(mark, plan.write?.next);
      });
      if (lost.includes(number)) throw new Lost();
    });
    const plain = (rows: number[], context: kit.SinkLoadContext) => load(rows as never, context);
    return { load: isTransactional ? load as never : plain, store };
  }

  /** Every checkpoint that is stored tells what became of the very items that it has as finished. */
  #keep(plan: kit.WritePlan): void {
    this.kept = plan;
    const { offset, counts } = plan.next;
    const truth = this.truthOf(plan.next);
    const isBlank = offset + plan.next.done.length === 0;
    if (JSON.stringify(counts) !== JSON.stringify(isBlank ? undefined : truth)) {
      this.problems.push(`${JSON.stringify(plan)}, but ${JSON.stringify(truth)}`);
    }
  }

  truthOf(checkpoint: Checkpoint): FinishedCounts {
    const counts = { loaded: 0, skipped: 0, deadLettered: 0 };
    for (const [from, to] of kit.rangesOf(checkpoint)) {
      for (const fate of this.#plan.fates.slice(from, to)) {
        counts[fate === "loaded" || fate === "skipped" ? fate : "deadLettered"]++;
      }
    }
    return counts;
  }

  #delay(): number {
    const { delays } = this.#plan;
    return delays[this.#calls++ % delays.length]!;
  }
}

let numRuns = 1;
beforeAll(async () => void (numRuns = await isSlow() ? 1 : 2));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it(
  "has the counts of what is finished in every checkpoint, however loads end and runs die",
  async () => {
    const property = fc.asyncProperty(
      fc.array(plans, { minLength: 40, maxLength: 40 }),
      async (all) => {
        const worlds = all.map((plan) => new World(plan));
        const living = worlds.map((world) => world.live());
        let isOver = false;
        void Promise.all(living).then(() => isOver = true);
        for (let time = 0; time < 5000 && !isOver; time++) {
          await turns(40);
          vi.advanceTimersByTime(1);
        }
        for (const [index, world] of worlds.entries()) check(world, all[index]!);
      },
    );
    await fc.assert(property, { numRuns, seed: 15, endOnFailure: true });
  },
  60_000,
);

function check(world: World, { fates }: Plan): void {
  expect(world.problems).toEqual([]);
  const [report] = world.reports;
  const { loaded, skipped, deadLettered, earlier, earlierCounts, checkpoint } = report!;
  expect(report).toMatchObject({ outcome: "completed", pending: 0 });
  if (fates.length === 0) return;
  const truth = world.truthOf({ offset: fates.length, done: [], updatedAt: 0 });
  expect(checkpoint).toMatchObject({ offset: fates.length, counts: truth });
  const before = earlierCounts ?? { loaded: 0, skipped: 0, deadLettered: 0 };
  expect({
    loaded: before.loaded + loaded,
    skipped: before.skipped + skipped,
    deadLettered: before.deadLettered + deadLettered,
  }).toEqual(truth);
  expect(before.loaded + before.skipped + before.deadLettered).toBe(earlier);
}
