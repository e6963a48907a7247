import { commitsTo } from "../../src/adapters/checkpoint.ts";
import { sqliteSink } from "../../src/adapters/sqlite.ts";
import {
  BatchError,
  type CheckpointStore,
  type LoadContext,
  type Pipeline,
  RetryAfterError,
} from "../../src/index.ts";
import { leaveOpen } from "../../src/retry/open-outcome.ts";
import { wait } from "../support/run/time.ts";
import { guarded, type Row } from "./database.ts";
import type { Life, Plan } from "./plan.ts";
import type { World } from "./world.ts";

/** What a fault that the plan has made fails with. */
export class Fault extends Error {}

/** The load and the store of one process, which end when the process does. */
interface Sink {
  readonly load: Pipeline<Row, Row>["load"];
  readonly checkpoints: CheckpointStore;
}

/** What one process calls the database by: slow, now and then away, or gone at any moment. */
export class Client {
  /** The process has ended without a word. */
  isDead = false;
  readonly #world: World;
  readonly #life: Life;
  readonly #plan: Plan;
  readonly #begin = Date.now();
  #loads = 0;

  constructor(world: World, life: Life) {
    this.#world = world;
    this.#life = life;
    this.#plan = world.plan;
  }

  /** What a pipeline of the plan is to load with. */
  sink(): Sink {
    if (this.#plan.sink === "sqlite") return this.#sqliteSink();
    const checkpoints = this.#store();
    const load = async (rows: Row[], context: LoadContext) => {
      await this.#travel(this.#plan.delays.load);
      context.signal.throwIfAborted();
      this.#fail(rows);
      const { disk } = this.#world;
      const all = rows.map(({ n }) => ({ id: n, name: "" }));
      if (this.#plan.sink === "transactional") disk.commit(all, context.runId, context.batch);
      else disk.insert(all);
      if (this.#isLossy()) this.#lose();
    };
    if (this.#plan.sink !== "transactional") return { load, checkpoints };
    return { load: Object.assign(load, { [commitsTo]: checkpoints }), checkpoints };
  }

  /** An answer is lost: a sink with marks looks for its own, if it can; else nobody knows. */
  #lose(): void {
    const lost = new Fault("the answer is lost");
    if (this.#plan.sink !== "transactional") throw lost;
    if (this.#loads % 2 === 0) throw leaveOpen(lost);
  }

  #sqliteSink(): Sink {
    const db = guarded(this.#world.disk.sqlite!, (sql) => {
      this.#meet();
      if (sql.startsWith("begin") && this.#isLossy()) throw new Fault("database is locked");
    });
    const sink = sqliteSink(db, { table: "t", columns: ["n"] });
    const { checkpoints } = sink;
    if (this.#plan.shape === "own") return { load: sink.load, checkpoints };
    const around = async (rows: Row[], context: LoadContext, load: Sink["load"]) => {
      await wait(this.#plan.delays.load);
      this.#fail(rows.filter(({ n }) => !this.#world.fateOf(n).includes("names")));
      await load(rows, context);
      if (this.#plan.delays.load > 0) await wait(1);
    };
    if (this.#plan.shape === "wrap") return { load: sink.wrap(around), checkpoints };
    return { load: (rows, context) => around(rows, context, sink.load), checkpoints };
  }

  #store(): CheckpointStore {
    const { disk } = this.#world;
    const { skew } = this.#life;
    const call = async <R>(act: () => R): Promise<R> => {
      await this.#travel(this.#plan.delays.store);
      const result = act();
      await this.#travel(this.#plan.delays.store);
      return result;
    };
    return {
      read: (key) => call(() => disk.store.read(key)),
      write: (key, checkpoint) => call(() => disk.write(key, checkpoint)),
      // The clock of this machine may be wrong.
      claim: (key, claim, now) =>
        call(() => disk.claim(key, { ...claim, until: claim.until + skew }, now)),
      release: (key, runId) => call(() => disk.store.release(key, runId)),
    };
  }

  /** What keeps a call from being made: the process is gone, or the database away. */
  #meet(): void {
    if (this.isDead) throw new Fault("the process is dead");
    const { end, at, lasts } = this.#life;
    const now = Date.now() - this.#begin;
    if (end === "outage" && now >= at && now < at + lasts) throw new Fault("it is away");
  }

  /** A call takes its time; one of a process that is frozen is made when it thaws. */
  async #travel(delay: number): Promise<void> {
    if (delay > 0) await wait(delay);
    const { end, at, lasts } = this.#life;
    const now = Date.now() - this.#begin;
    if (end === "freezes" && now >= at) await wait(Math.max(0, at + lasts + 60 - now));
    this.#meet();
  }

  /** Whether it is the turn of a call that goes wrong by itself. */
  #isLossy(): boolean {
    const { lostEach } = this.#plan;
    return this.#world.isDisturbed && lostEach > 0 && ++this.#loads % lostEach === 0;
  }

  #fail(rows: readonly Row[]): void {
    const failures = new Map<number, Error>();
    rows.forEach(({ n }, index) => {
      const fate = this.#world.fateOf(n);
      const isFirst = () => this.#world.isFirst(`load ${n}`);
      if (fate === "load fails") throw new Error("it cannot be loaded");
      if (fate === "load fails once" && isFirst()) throw new Fault("not yet");
      if (fate === "load is busy once" && isFirst()) throw new RetryAfterError(3);
      if (fate === "load names it") failures.set(index, new Error("it is named"));
    });
    if (failures.size > 0) throw new BatchError(failures);
  }
}
