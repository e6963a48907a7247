import * as fc from "fast-check";
import { runStep, type Step } from "../../../src/adapters/cloudflare/run-step.ts";
import { finishedIn } from "../../../src/checkpoints/checkpoint.ts";
import {
  type CheckpointStore,
  etl,
  MemoryCheckpointStore,
  type Pipeline,
  type RunBudget,
  type RunOptions,
  type Source,
} from "../../../src/index.ts";
import { numbers, type ResumableKind, resumableKinds } from "./resume.ts";
import { turns } from "../outcomes/outcome.ts";
import { wait } from "./time.ts";
import { vi } from "vitest";

/** What happens to a step: nothing, or its load or its source fails, or it is stopped from outside. */
type StepFault = "none" | "load" | "source" | "drain" | "abort";

/** A pipeline that is run step by step until it is done, and what happens on the way. */
export interface StepPlan {
  readonly kind: ResumableKind;
  readonly count: number;
  readonly batchSize: number;
  readonly workers: number;
  readonly resume: "skip" | "source";
  readonly budget: RunBudget;
  /** What is finished goes from step to step in a token, or is kept in a store. */
  readonly keeps: "token" | "store";
  /** Time that each item takes to be read where the source is no array, and each load, in turn. */
  readonly readDelay: number;
  readonly loadDelays: readonly number[];
  /** What happens to the first steps, and when. */
  readonly faults: readonly { readonly what: StepFault; readonly at: number }[];
}

/** Where the rows go: a store of its own, whose mark is one commit with them, or any. */
export interface SteppedTarget {
  readonly load: Pipeline<number, number>["load"];
  readonly checkpoints: CheckpointStore;
}

const budgets: fc.Arbitrary<RunBudget> = fc.record({
  duration: fc.integer({ min: 1, max: 60 }),
  items: fc.integer({ min: 1, max: 30 }),
  batches: fc.integer({ min: 1, max: 6 }),
}, { requiredKeys: [] }).filter((budget) => Object.keys(budget).length > 0);

/** Any plans. */
export const stepPlans: fc.Arbitrary<StepPlan> = fc.record({
  kind: fc.constantFrom(...resumableKinds),
  count: fc.nat(60),
  batchSize: fc.integer({ min: 1, max: 7 }),
  workers: fc.integer({ min: 1, max: 4 }),
  resume: fc.constantFrom("skip", "source"),
  budget: budgets,
  keeps: fc.constantFrom("token", "store"),
  readDelay: fc.constantFrom(0, 0, 1, 7),
  loadDelays: fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
  faults: fc.array(
    fc.record({
      what: fc.constantFrom<StepFault>("none", "load", "source", "drain", "abort"),
      at: fc.nat(30),
    }),
    { maxLength: 6 },
  ),
});

/** Steps of one pipeline, one after the other. */
export class SteppedWorld {
  /** What was loaded, by all steps: to be set where another target has it. */
  rows: number[] = [];
  /** What a step did not keep. */
  readonly problems: string[] = [];
  /** A step has said that it was the last. */
  isOver = false;
  /** Steps that were begun, and those that rejected. */
  steps = 0;
  failed = 0;
  readonly #plan: StepPlan;
  readonly #target: SteppedTarget;
  #loads = 0;

  constructor(plan: StepPlan, target?: SteppedTarget) {
    this.#plan = plan;
    this.#target = target ?? {
      load: (rows) => void this.rows.push(...rows),
      checkpoints: new MemoryCheckpointStore(),
    };
  }

  /** Runs one step after the other, until one is the last. */
  async live(): Promise<void> {
    let token: string | undefined;
    while (!this.isOver && this.steps < 200) {
      const fault = this.#plan.faults[this.steps++] ?? { what: "none", at: 0 };
      try {
        const step = await this.#step(fault, token);
        this.#check(step);
        token = step.token;
        this.isOver = step.isDone;
      } catch {
        this.failed++; // It is repeated.
      }
    }
  }

  #step({ what, at }: StepPlan["faults"][number], token?: string): Promise<Step> {
    const { batchSize, workers, resume, budget, keeps } = this.#plan;
    const stop = new AbortController();
    if (what === "drain" || what === "abort") setTimeout(() => stop.abort(), at);
    const options: RunOptions<number> = {
      ...{ batchSize, workers, resume, budget, timeout: Infinity, signal: stop.signal },
      position: (n) => n + 1,
      drainTimeout: what === "abort" ? 0 : Infinity,
      ...keeps === "store" && { checkpoints: this.#target.checkpoints },
    };
    const failing = what === "load" ? this.#loads + at % 5 : -1;
    const { load } = this.#target;
    const pipeline = etl<number>({
      name: "numbers",
      extract: ({ checkpoint }) =>
        this.#source(resume === "source" ? Number(checkpoint?.position ?? 0) : 0, what, at),
      load: Object.assign(
        async (...[rows, context]: Parameters<typeof load>) => {
          const { loadDelays } = this.#plan;
          const call = this.#loads++;
          await wait(loadDelays[call % loadDelays.length]!);
          if (call === failing) throw new Error("no connection");
          await load(rows, context);
        },
        Object.fromEntries(
          Object.getOwnPropertySymbols(load).map((key) => [key, load[key as never]]),
        ),
      ),
    });
    return runStep(pipeline, { ...options, token });
  }

  #source(from: number, what: StepFault, at: number): Source<number> {
    const { kind, count, readDelay } = this.#plan;
    if (what !== "source" && readDelay === 0) return numbers(kind, count, from);
    return (async function* () {
      for (let n = from; n < count; n++) {
        if (readDelay > 0) await wait(readDelay);
        if (what === "source" && n === from + at) throw new Error("no source");
        yield n;
      }
    })();
  }

  #check({ isDone, report, token }: Step): void {
    const { outcome, earlier, checkpoint, pending } = report;
    const { batchSize, keeps } = this.#plan;
    const check = (holds: boolean, words: string) => void (holds || this.problems.push(words));
    check(pending === 0, `${pending} are pending`);
    check(isDone === (outcome === "completed"), `${isDone} although ${outcome}`);
    check((token === undefined) === (keeps === "store"), `a token: ${token}`);
    if (isDone) return;
    check(outcome === "paused", `resolved as ${outcome}`);
    const further = finishedIn(checkpoint!) - earlier;
    check(further >= batchSize, `${further} items further with batches of ${batchSize}`);
  }
}

/** Lets worlds live, under fake timers, until all are over. */
export async function live(worlds: readonly SteppedWorld[]): Promise<void> {
  for (const world of worlds) void world.live();
  for (let time = 0; time < 20_000 && worlds.some(({ isOver }) => !isOver); time++) {
    await turns(40);
    vi.advanceTimersByTime(1);
  }
}

/** What a world that should be over did not keep; nothing if all is well. */
export function problemsOfSteps(
  { isOver, problems, steps, failed, rows }: SteppedWorld,
  { count, batchSize, keeps }: StepPlan,
): string[] {
  const broken = [...problems];
  const most = failed + Math.ceil(count / batchSize) + 1;
  if (!isOver) broken.push("never done");
  if (steps > most) broken.push(`${steps} steps, more than ${most}`);
  // From a token a step that failed is repeated as a whole.
  const loaded = keeps === "token" && failed > 0 ? [...new Set(rows)] : rows;
  const all = Array.from({ length: count }, (_, n) => n);
  if (String(loaded.toSorted((a, b) => a - b)) !== String(all)) broken.push(`loaded ${loaded}`);
  return broken;
}
