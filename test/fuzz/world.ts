import type { RunReport } from "../../src/index.ts";
import type { CountedSignal } from "../support/streams/counted-signal.ts";
import { Disk, hasSqlite } from "./database.ts";
import { LifeOf, quiet } from "./life.ts";
import type { Fate, Plan } from "./plan.ts";

const mostLives = 40;

/** The runs of one pipeline, one after the other until one completes, and what of them lasts. */
export class World {
  readonly plan: Plan;
  readonly disk: Disk = new Disk();
  readonly signals: CountedSignal[] = [];
  /** How the last run has ended that was not cut short. */
  outcome: RunReport["outcome"] | undefined;
  /** What must not have happened, in words. */
  readonly problems: string[] = [];
  /** One of its processes was frozen and goes on later. */
  hasFrozen = false;
  /** The last run has ended. */
  isOver = false;
  #lives = 0;
  readonly #met = new Set<string>();

  /** Makes the world of a plan. */
  constructor(plan: Plan) {
    this.plan = plan.sink === "sqlite" && !hasSqlite ? { ...plan, sink: "transactional" } : plan;
  }

  /** Whether the run of now is one of those that are disturbed. */
  get isDisturbed(): boolean {
    return this.#lives <= this.plan.lives.length;
  }

  /** What is to become of an item. */
  fateOf(n: number): Fate {
    return this.plan.fates[n % this.plan.fates.length]!;
  }

  /** Begins one run after the other, until one completes; without checkpoints there is but one. */
  async live(): Promise<void> {
    const { sink, count, lives } = this.plan;
    const numbers = Array.from({ length: count }, (_, n) => n);
    const isPoison = (n: number) => ["load fails", "load names it"].includes(this.fateOf(n));
    this.disk.open(this.plan, numbers.filter(isPoison));
    for (let isDone = false; !isDone && this.#lives < mostLives;) {
      const life = lives[this.#lives++] ?? quiet;
      const report = await new LifeOf(this, life).live();
      this.outcome = report?.outcome;
      isDone = this.outcome === "completed" || sink === "none";
    }
    if (this.#lives === mostLives) this.problems.push(`none of ${mostLives} runs has completed`);
    this.isOver = true;
  }

  /** Tells whether something that happens once is to happen now. */
  isFirst(what: string): boolean {
    return !this.#met.has(what) && this.#met.add(what) !== undefined;
  }
}
