import {
  type Checkpoint,
  type DeadLetter,
  etl,
  type LoadContext,
  skip,
} from "../../../src/index.ts";
import type { Run, RunOptions, Source } from "../../../src/index.ts";
import { blankCheckpoint, commitsTo, covers } from "../../../src/checkpoints/checkpoint.ts";
import { Disk, Life } from "../checkpoints/crashing-store.ts";
import { numbers, type ResumableKind } from "./resume.ts";
import { wait } from "./time.ts";

/** What happens to the runs of one pipeline, until one of them completes. */
export interface CrashPlan {
  readonly kind: ResumableKind;
  readonly count: number;
  readonly batchSize: number;
  readonly workers: number;
  readonly resume: "skip" | "source";
  /** Rows and marks are one commit. */
  readonly isTransactional: boolean;
  /** How long the loads take, in turn; 0 is a sync load. */
  readonly delays: readonly number[];
  /** How long the store takes, in turn. */
  readonly storeDelays: readonly number[];
  /** Loads that fail, counted over all runs. */
  readonly failures: readonly number[];
  /** Loads whose commit succeeds and whose answer is lost; they are tried again. */
  readonly lost: readonly number[];
  /** Items that no load takes, and that become dead letters; without them a failure is final. */
  readonly poisons: readonly number[];
  /** How each run ends: without a word, or cut off from the store, of which it does not know. */
  readonly crashes: readonly { readonly at: number; readonly how: "dies" | "is cut off" }[];
}

/** What a load fails with that is tried again. */
class Lost extends Error {}

/** Runs of one pipeline that crash, and what of them lasts. */
export class CrashingWorld {
  /** What was loaded, by all runs. */
  readonly rows: number[] = [];
  /** What was given up on, by all runs. */
  readonly letters: number[] = [];
  /** What lasts of the marks. */
  readonly disk: Disk = new Disk();
  /** A run has completed. */
  isOver = false;
  /** Runs that were begun. */
  runs = 0;
  readonly #plan: CrashPlan;
  #loads = 0;

  constructor(plan: CrashPlan) {
    this.#plan = plan;
  }

  /** Begins one run after the other, until one completes. */
  async live(): Promise<void> {
    while (this.runs < 50 && !this.isOver) this.isOver = await this.#live();
  }

  /** Lives through one run; tells whether it completed. */
  async #live(): Promise<boolean> {
    const { crashes, storeDelays, isTransactional } = this.#plan;
    const life = new Life(this.disk, storeDelays, isTransactional);
    const crash = crashes[this.runs++];
    const run = this.#start(life);
    const completed = run.finished.then(() => true, () => false);
    if (crash === undefined) return await completed;
    const how = isTransactional ? crash.how : "dies"; // Other loads are not stopped at once.
    const crashed = wait(crash.at).then(() => {
      life.end(how);
      if (how === "dies") run.abort(); // So that it comes to an end here, too.
      return false;
    });
    return await Promise.race([completed, crashed]); // The next begins at once.
  }

  #start(life: Life): Run {
    const { batchSize, workers, resume, poisons } = this.#plan;
    const options: RunOptions<number> = {
      ...{ batchSize, workers, resume, checkpoints: life, lease: 40, abortTimeout: 1 },
      position: (n) => n + 1,
      retry: { maxAttempts: 9, baseDelay: 1, isRetriable: (error) => error instanceof Lost },
      ...poisons.length > 0 && { deadLetters: () => this.#letters(life) },
    };
    return etl<number, number>({
      name: "numbers",
      extract: ({ checkpoint }) => this.#source(checkpoint),
      transform: (n) => n % 7 === 3 ? skip : n,
      load: Object.assign(
        (items: number[], context: LoadContext) => this.#load(life, items, context),
        { [commitsTo]: life },
      ),
    }).start(options);
  }

  #source(checkpoint: Checkpoint = blankCheckpoint): Source<number> {
    const { kind, count, resume } = this.#plan;
    const { offset, done, position = 0 } = checkpoint;
    const ends = [[0, offset, position] as const, ...done];
    if (ends.some(([, to, position]) => to !== position)) {
      this.disk.problems.push(`the positions are wrong: ${JSON.stringify(checkpoint)}`);
    }
    return numbers(kind, count, resume === "source" ? Number(position) : 0);
  }

  #load(life: Life, items: number[], context: LoadContext): void | Promise<void> {
    const { delays } = this.#plan;
    const call = this.#loads++;
    const delay = delays[call % delays.length]!;
    if (delay === 0) return this.#commit(life, call, items, context);
    return wait(delay).then(() => this.#commit(life, call, items, context));
  }

  #commit(life: Life, call: number, items: number[], context: LoadContext): void {
    const { failures, lost, poisons, isTransactional } = this.#plan;
    const { runId, batch, checkpoint = blankCheckpoint } = context;
    life.check();
    if (items.some((n) => poisons.includes(n))) throw new Error("poison");
    if (failures.includes(call)) throw poisons.length > 0 ? new Lost() : new Error("broken");
    const insert = () => void this.rows.push(...items);
    if (isTransactional) {
      life.commit(runId, batch.ranges!, insert);
      if (lost.includes(call)) throw new Lost();
      return;
    }
    if (items.some((n) => covers(checkpoint, [[n, n + 1]]))) {
      this.disk.problems.push(`${items} are loaded although finished`);
    }
    insert();
  }

  #letters(life: Life): WritableStream<DeadLetter<number>> {
    return new WritableStream({
      write: ({ item }) => {
        life.check();
        this.letters.push(item);
      },
    });
  }
}
