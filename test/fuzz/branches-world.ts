import { broadcast, route } from "../../src/adapters/operators.ts";
import { covers } from "../../src/checkpoints/checkpoint.ts";
import {
  type Checkpoint,
  type CheckpointStore,
  type DeadLetter,
  etl,
  MemoryCheckpointStore,
  type Run,
  type RunReport,
} from "../../src/index.ts";
import { CountedSignal } from "../support/streams/counted-signal.ts";
import type { BranchesPlan } from "./branches-plan.ts";
import { piped, type Row, rowsOf } from "./branches-steps.ts";
import { type BranchLife, DyingSink, FaultyLoad } from "./branches-loads.ts";

const names = ["a", "b", "c"] as const;
type Name = typeof names[number];
const mostLives = 30;
const ofRow = ({ id }: Row): Name => names[id % names.length]!;

/** The runs of one pipeline with operators and branches until one completes, and what they leave. */
export class BranchesWorld {
  readonly plan: BranchesPlan;
  readonly problems: string[] = [];
  readonly letters: DeadLetter<Row>[] = [];
  readonly signals: CountedSignal[] = [];
  isOver = false;
  readonly #expected: readonly Row[];
  readonly #store = new MemoryCheckpointStore();
  readonly #sink: DyingSink;
  readonly #loads: readonly FaultyLoad[];

  /** Makes the world of a plan. */
  constructor(plan: BranchesPlan) {
    this.plan = plan;
    this.#expected = rowsOf(plan);
    const { away } = plan.faults[2]!;
    this.#sink = new DyingSink(away, plan.seed, () => this.#checkFinished(this.#sink.store));
    this.#loads = plan.faults.map((faults, index) => new FaultyLoad(faults, plan.seed + index));
  }

  /** Runs until one run completes. */
  async live(): Promise<void> {
    for (let life = 0; life < mostLives; life++) {
      const { cut, at } = this.plan.lives[life] ?? { cut: "nothing", at: 0 };
      const isQuiet = life >= this.plan.lives.length;
      const report = await this.#live({ cut, at, isQuiet, isDead: false, calls: 0 });
      if (report?.outcome !== "completed") continue;
      this.#checkEnd();
      this.isOver = true;
      return;
    }
    this.problems.push("no run has completed");
    this.isOver = true;
  }

  async #live(life: Omit<BranchLife, "meet">): Promise<RunReport | undefined> {
    const signal = new CountedSignal();
    this.signals.push(signal);
    const begun: { run?: Run } = {};
    const died = Promise.withResolvers<undefined>();
    const current: BranchLife = Object.assign(life, {
      meet: () => {
        if (life.isDead) throw new Error("the process is dead");
        if (life.calls++ !== life.at || life.isQuiet) return;
        if (life.cut === "drain") begun.run?.drain();
        if (life.cut === "abort") signal.abort(new Error("enough"));
        if (life.cut !== "dies") return;
        life.isDead = true;
        begun.run?.abort();
        died.resolve(undefined);
        throw new Error("the process is dead");
      },
    });
    const before = this.#loads.map(({ rows }) => rows.length);
    this.#sink.life = current;
    for (const load of this.#loads) load.begin(current);
    const sinkBefore = this.#sink.table.size;
    begun.run = this.#start(current, signal);
    const ended = begun.run.finished.catch((error) => error.report);
    const report = await Promise.race([ended, died.promise]);
    if (report === undefined) return undefined;
    this.#checkReport(report, [...before.slice(0, 2), this.#isSink ? sinkBefore : before[2]!]);
    return report;
  }

  get #isSink(): boolean {
    return this.plan.hasSink;
  }

  #start(life: BranchLife, { signal }: CountedSignal): Run {
    const { options, resume, hasLetters, seed, lag } = this.plan;
    const [a, b, c] = this.#loads.map(({ load }) => load) as [
      FaultyLoad["load"],
      FaultyLoad["load"],
      FaultyLoad["load"],
    ];
    const branches = { a, b, c: this.#isSink ? this.#sink.load : c };
    const load = this.plan.load === "route"
      ? route(ofRow, branches)
      : broadcast<Row>(branches as Record<Name, FaultyLoad["load"]>, { lag });
    const deadLetters = () =>
      new WritableStream<DeadLetter<Row>>({
        write: (letter) => {
          if (life.isDead) throw new Error("the process is dead");
          this.letters.push(letter);
        },
      });
    return etl<Row, Row>({
      name: `branches ${seed}`,
      extract: ({ checkpoint }) =>
        piped(this.plan, resume === "source" ? Number(checkpoint?.position ?? -1) : -1),
      load,
    }).start({
      batchSize: options.batchSize,
      workers: options.workers,
      drainTimeout: options.drainTimeout,
      abortTimeout: 50,
      signal,
      lease: 40,
      resume,
      position: ({ id }) => id,
      checkpoints: this.#checkpoints(life),
      retry: { maxAttempts: life.isQuiet ? 99 : options.maxAttempts, baseDelay: 1, maxDelay: 5 },
      ...hasLetters && { deadLetters, isolate: "bisect" },
    });
  }

  #checkpoints(life: BranchLife): CheckpointStore {
    if (this.#isSink) return this.#sink.checkpoints;
    const store = this.#store;
    const call = async <R>(act: () => R): Promise<R> => {
      await undefined;
      if (life.isDead) throw new Error("the process is dead");
      return act();
    };
    return {
      read: (key) => call(() => store.read(key)),
      write: (key, checkpoint) =>
        call(() => {
          store.write(key, checkpoint);
          this.#checkFinished(store);
        }),
      claim: (key, claim, now) => call(() => store.claim(key, claim, now)),
      release: (key, runId) => call(() => store.release(key, runId)),
    };
  }

  /** No item may be finished before all that it became is where it has to be. */
  #checkFinished(store: CheckpointStore): void {
    const key = `branches ${this.plan.seed}`;
    const checkpoint = store.read(key) as Checkpoint | undefined;
    if (checkpoint === undefined) return;
    this.#expected.forEach((row, place) => {
      if (!covers(checkpoint, [[place, place + 1]])) return;
      const lacking = this.#lackingOf(row);
      if (lacking.length > 0) this.problems.push(`row ${row.id} is finished: ${lacking} lacks it`);
    });
  }

  #namesOf(row: Row): readonly Name[] {
    return this.plan.load === "route" ? [ofRow(row)] : names;
  }

  #timesIn(name: Name, id: number): number {
    if (name === "c" && this.#isSink) return this.#sink.table.has(id) ? 1 : 0;
    return this.#loads[names.indexOf(name)]!.rows.filter((row) => row.id === id).length;
  }

  #lackingOf(row: Row): readonly Name[] {
    const letters = this.letters.filter(({ item }) => item.id === row.id);
    const isTold = (name: Name) => letters.some(({ branches }) => branches?.includes(name) ?? true);
    return this.#namesOf(row).filter((name) => this.#timesIn(name, row.id) === 0 && !isTold(name));
  }

  #checkReport(report: RunReport, before: readonly number[]): void {
    const { extracted, loaded, skipped, deadLettered, pending, outcome, branches = {} } = report;
    if (extracted !== loaded + skipped + deadLettered + pending) {
      this.problems.push("the identity is broken");
    }
    names.forEach((name, index) => {
      const { given = 0, loaded = 0, deadLettered = 0 } = branches[name] ?? {};
      const isSink = name === "c" && this.#isSink;
      const size = isSink ? this.#sink.table.size : this.#loads[index]!.rows.length;
      const isWhole = outcome === "completed";
      if (loaded !== size - before[index]!) {
        this.problems.push(`${name} has loaded ${size - before[index]!} rows, and tells ${loaded}`);
      }
      if (isWhole ? given !== loaded + deadLettered : given < loaded + deadLettered) {
        this.problems.push(
          `${name} was given ${given}, of ${loaded} loaded, ${deadLettered} lacked`,
        );
      }
    });
  }

  #checkEnd(): void {
    const known = new Map(this.#expected.map((row) => [row.id, row]));
    for (const row of this.#expected) {
      const lacking = this.#lackingOf(row);
      if (lacking.length > 0) this.problems.push(`row ${row.id} is lost in ${lacking}`);
    }
    names.forEach((name, index) => {
      const given = name === "c" && this.#isSink
        ? [...this.#sink.table.values()].map((row) => ({ ...row, life: 0 }))
        : this.#loads[index]!.rows;
      for (const { id, name: word } of given) {
        const row = known.get(id);
        const isRight = row?.name === word && this.#namesOf(row).includes(name);
        if (!isRight) this.problems.push(`row ${id} (${word}) is in ${name}, as none should be`);
      }
      const keys = given.map(({ id, life }) => `${life} ${id}`);
      if (new Set(keys).size < keys.length) this.problems.push(`${name} has a row twice in a run`);
    });
  }
}
