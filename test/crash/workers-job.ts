import { setTimeout as wait } from "node:timers/promises";
import { MiniflareProcess } from "../support/cloudflare/miniflare-process.ts";
import type { ImportPlan, ImportState } from "./import-worker.ts";

/** What is imported, and how often workerd is killed meanwhile. */
export interface WorkersCrash {
  readonly rows: number;
  /** Kills of workerd, each at some instant. */
  readonly kills: number;
  /** The compatibility date. */
  readonly date: string;
  readonly random: () => number;
}

/** What came of it. */
export interface WorkersEnd {
  readonly kills: number;
  /** How often an object was evicted right after a commit. */
  readonly evicted: number;
  /** Imports that were whole: at least one into D1, and one into an object. */
  readonly imports: number;
  /** Rows that were marked and not there, or there and not marked: after any kill, or in the end. */
  readonly lost: number;
  /** Rows that were there twice. */
  readonly duplicates: number;
}

const worker = 'export { default, Import } from "./test/crash/import-worker.ts";';

/** Has rows imported into D1 and into an object at once, and kills workerd so often meanwhile. */
export async function crashWorkers(crash: WorkersCrash): Promise<WorkersEnd> {
  const end = { kills: 0, evicted: 0, imports: 0, lost: 0, duplicates: 0 };
  const workerd = new MiniflareProcess();
  const kinds = [new Imports(false, crash), new Imports(true, crash)];
  try {
    await workerd.open(worker, {
      compatibilityDate: crash.date,
      d1Databases: { DB: "db" },
      durableObjects: { OBJECT: { className: "Import", useSQLite: true } },
    });
    for (const kind of kinds) await kind.begin(workerd.url);
    for (; end.kills < crash.kills; end.kills++) {
      await wait(crash.random() * 1000);
      await workerd.kill();
      await workerd.restart();
      for (const kind of kinds) await kind.begin(workerd.url);
    }
    for (const kind of kinds) {
      await kind.finish(workerd.url);
      for (const count of ["evicted", "imports", "lost", "duplicates"] as const) {
        end[count] += kind[count];
      }
    }
    return end;
  } finally {
    await workerd.close();
  }
}

/** Imports of one kind, each into a table of its own. */
class Imports {
  imports = 0;
  evicted = 0;
  lost = 0;
  duplicates = 0;
  readonly #isD1: boolean;
  readonly #crash: WorkersCrash;
  /** Those of the import that runs. */
  #evictions: readonly number[];

  constructor(isD1: boolean, crash: WorkersCrash) {
    this.#isD1 = isD1;
    this.#crash = crash;
    this.#evictions = this.#newEvictions();
  }

  /** Goes on with one, after a kill; or begins the next. */
  async begin(url: string): Promise<void> {
    const { rows, random } = this.#crash;
    const batchSize = 50 + Math.floor(random() * 450);
    const workers = 1 + Math.floor(random() * 3);
    for (;;) {
      const table = `t${this.imports}`;
      const isD1 = this.#isD1;
      const evictions = this.#evictions;
      const plan: ImportPlan = { isD1, table, rows, batchSize, workers, evictions };
      const response = await fetch(this.#at(url), { method: "POST", body: JSON.stringify(plan) });
      const state = await response.json() as ImportState;
      this.#count(state);
      if (!state.isDone) return;
      this.#end(state);
    }
  }

  /** Waits for the end of the one that was begun. */
  async finish(url: string): Promise<void> {
    for (;;) {
      const response = await fetch(this.#at(url));
      const state = response.ok ? await response.json() as ImportState : undefined;
      if (state?.isDone) return this.#end(state); // Else it may be being evicted.
      await wait(20);
    }
  }

  #at(url: string): string {
    return `${url}${this.#isD1}/${this.imports}`;
  }

  #count({ rows, numbers, marked }: ImportState): void {
    this.lost += Math.abs(marked - numbers);
    this.duplicates += rows - numbers;
  }

  #end(state: ImportState): void {
    this.#count({ ...state, marked: this.#crash.rows });
    this.evicted += state.evicted;
    this.imports++;
    this.#evictions = this.#newEvictions();
  }

  #newEvictions(): readonly number[] {
    const { rows, random } = this.#crash;
    return [random(), random()].map((share) => Math.floor(0.8 * share * rows)).sort((a, b) =>
      a - b
    );
  }
}
