import { BatchError } from "../../src/index.ts";
import { randomOf } from "../crash/random.ts";
import { wait } from "../support/run/time.ts";
import { MemorySink } from "../support/sinks/memory-sink.ts";
import type { BranchesPlan, BranchFaults } from "./branches-plan.ts";
import type { Row } from "./branches-steps.ts";

/** One run of a pipeline, which may be cut short when one of its branches is called. */
export interface BranchLife {
  readonly cut: BranchesPlan["lives"][number]["cut"];
  readonly at: number;
  /** Nothing disturbs it. */
  readonly isQuiet: boolean;
  isDead: boolean;
  calls: number;
  /** A branch is called, or goes on: throws where the process is dead. */
  meet(): void;
}

/** A branch that is a function, and keeps what it has loaded. */
export class FaultyLoad {
  readonly rows: (Row & { readonly life: number })[] = [];
  readonly #faults: BranchFaults;
  readonly #random: () => number;
  #life: BranchLife | undefined;
  #lives = 0;

  /** Makes a branch whose failures a seed decides. */
  constructor(faults: BranchFaults, seed: number) {
    this.#faults = faults;
    this.#random = randomOf(seed);
  }

  /** Another run begins. */
  begin(life: BranchLife): void {
    this.#life = life;
    this.#lives++;
  }

  /** The load of the branch. */
  readonly load = async (rows: Row[]): Promise<void> => {
    const life = this.#life!;
    const { delay, away, poison, isNaming } = this.#faults;
    const number = this.#lives;
    life.meet();
    if (delay > 0) await wait(delay);
    if (life.isDead) throw new Error("the process is dead");
    if (!life.isQuiet && this.#random() < away) throw new Error("away");
    const bad = rows.flatMap(({ id }, index) => poison > 0 && id % poison === 1 ? [index] : []);
    if (bad.length > 0 && isNaming) throw new BatchError(new Map(bad.map((at) => [at, "poison"])));
    if (bad.length > 0) throw new Error("poison");
    this.rows.push(...rows.map((row) => ({ ...row, life: number })));
  };
}

/** A branch whose rows are one commit with the mark of the run, as long as its process lives. */
export class DyingSink extends MemorySink {
  life: BranchLife | undefined;
  readonly #away: number;
  readonly #random: () => number;
  readonly #onCommit: () => void;

  /** Makes a sink that is away now and then, and tells of each commit. */
  constructor(away: number, seed: number, onCommit: () => void) {
    super();
    this.#away = away;
    this.#random = randomOf(seed + 99);
    this.#onCommit = onCommit;
  }

  override async begin(): Promise<void> {
    const life = this.life!;
    life.meet();
    if (!life.isQuiet && this.#random() < this.#away) throw new Error("away");
    await super.begin();
    if (life.isDead) throw new Error("the process is dead");
  }

  override commit(...given: Parameters<MemorySink["commit"]>): void {
    super.commit(...given);
    this.#onCommit();
  }
}
