import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ManagerError } from "../../../src/errors.ts";
import { etl } from "../../../src/etl/etl.ts";
import { EtlManager } from "../../../src/manager/manager.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A pipeline of a plan: what it comes after, how long its load takes, and whether that fails. */
interface Node {
  readonly name: string;
  readonly after: readonly string[];
  readonly delay: number;
  readonly fails: boolean;
}

interface Plan {
  readonly nodes: readonly Node[]; // In the order in which they are added.
  readonly workers: number;
  readonly failFast: boolean;
}

/** Graphs without circles, added in any order. */
const plans: fc.Arbitrary<Plan> = fc.array(
  fc.record({
    after: fc.array(fc.nat(), { maxLength: 3 }),
    delay: fc.nat(4),
    fails: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    place: fc.nat(),
  }),
  { minLength: 1, maxLength: 12 },
).chain((raw) => {
  const nodes = raw.map(({ after, delay, fails, place }, index) => {
    const earlier = index === 0 ? [] : after.map((n) => `p${n % index}`);
    return { place, node: { name: `p${index}`, after: [...new Set(earlier)], delay, fails } };
  });
  const shuffled = nodes.sort((a, b) => a.place - b.place).map(({ node }) => node);
  return fc.record({
    nodes: fc.constant(shuffled),
    workers: fc.integer({ min: 1, max: 4 }),
    failFast: fc.boolean(),
  });
});

/** What has happened in one run of a plan. */
class Journal {
  readonly started = new Set<string>();
  readonly completed = new Set<string>();
  readonly failed = new Set<string>();
  startedAfterFailure = 0;

  get running(): number {
    return this.started.size - this.completed.size - this.failed.size;
  }

  /** Pipelines that could start, if the limit let them. */
  ready({ nodes }: Plan): Node[] {
    return nodes.filter(({ name, after }) =>
      !this.started.has(name) && after.every((other) => this.completed.has(other))
    );
  }
}

function managerOf(plan: Plan, journal: Journal): EtlManager {
  const manager = new EtlManager({ workers: plan.workers, failFast: plan.failFast });
  for (const { name, after, delay, fails } of plan.nodes) {
    const load = async () => {
      expect(journal.started.has(name), "started once").toBe(false);
      for (const other of after) expect(journal.completed, "order").toContain(other);
      if (journal.failed.size > 0) journal.startedAfterFailure++;
      journal.started.add(name);
      expect(journal.running, "limit").toBeLessThanOrEqual(plan.workers);
      await new Promise((resolve) => setTimeout(resolve, delay));
      journal[fails ? "failed" : "completed"].add(name);
      if (fails) throw new Error(name);
    };
    manager.add(etl({ name, extract: () => [1], load }), { after });
  }
  return manager;
}

/** Lets a plan run tick by tick; between ticks no place may be free that somebody waits for. */
async function play(plan: Plan, journal: Journal) {
  let isOver = false;
  const settled = managerOf(plan, journal).runAll()
    .catch((error: unknown) => error as ManagerError)
    .finally(() => isOver = true);
  while (!isOver) {
    await vi.advanceTimersByTimeAsync(1);
    const isStopped = plan.failFast && journal.failed.size > 0;
    if (!isStopped && journal.ready(plan).length > 0) {
      expect(journal.running, "every place is taken").toBe(plan.workers);
    }
  }
  return await settled;
}

it("EtlManager keeps order and limit, and reports each pipeline once, whatever fails", async () => {
  const check = async (plan: Plan) => {
    const journal = new Journal();
    const result = await play(plan, journal);
    expect(result instanceof ManagerError).toBe(journal.failed.size > 0);
    const { reports } = result;
    expect(reports.map(({ name }) => name)).toEqual(plan.nodes.map(({ name }) => name));
    for (const { name, outcome } of reports) {
      expect(outcome === "skipped", name).toBe(!journal.started.has(name));
      expect(outcome === "failed", name).toBe(journal.failed.has(name));
    }
    if (plan.failFast) expect(journal.startedAfterFailure).toBe(0);
    else expect(journal.ready(plan)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  };
  await fc.assert(fc.asyncProperty(plans, check), { seed: 20261122, numRuns: 100 });
});
