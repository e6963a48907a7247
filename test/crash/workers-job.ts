import { setTimeout as wait } from "node:timers/promises";
import { MiniflareProcess } from "../support/cloudflare/miniflare-process.ts";
import type { ImportKind, ImportPlan, ImportState } from "./import-worker.ts";

/** What is imported, and how often workerd is killed meanwhile. */
export interface WorkersCrash {
  readonly kinds: readonly ImportKind[];
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
  /** Imports that were whole: at least one of each kind. */
  readonly imports: number;
  /** Rows that were marked and not there, or there and not marked: after any kill, or in the end. */
  readonly lost: number;
  /** Rows that were there twice. */
  readonly duplicates: number;
}

const worker = 'export { default, Import } from "./test/crash/import-worker.ts";';

/** Has rows imported into databases and buckets at once, and kills workerd so often meanwhile. */
export async function crashWorkers(crash: WorkersCrash): Promise<WorkersEnd> {
  const end = { kills: 0, evicted: 0, imports: 0, lost: 0, duplicates: 0 };
  const workerd = new MiniflareProcess();
  const kinds = crash.kinds.map((kind) => new Imports(kind, crash));
  try {
    await workerd.open(worker, {
      compatibilityDate: crash.date,
      d1Databases: { DB: "db" },
      r2Buckets: { BUCKET: "bucket" },
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
  readonly #kind: ImportKind;
  readonly #crash: WorkersCrash;
  /** Those of the import that runs. */
  #evictions: readonly number[];

  constructor(kind: ImportKind, crash: WorkersCrash) {
    this.#kind = kind;
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
      const kind = this.#kind;
      const evictions = this.#evictions;
      const plan: ImportPlan = { kind, table, rows, batchSize, workers, evictions };
      const state = await this.#ask(url, { method: "POST", body: JSON.stringify(plan) });
      this.#count(state);
      if (!state.isDone) return;
      this.#end(state);
    }
  }

  /** Waits for the end of the one that was begun. */
  async finish(url: string): Promise<void> {
    for (;;) {
      const state = await this.#ask(url);
      if (state.isDone) return this.#end(state);
      await wait(20);
    }
  }

  /** Asks an object, which may be evicted meanwhile. */
  async #ask(url: string, init?: RequestInit): Promise<ImportState> {
    for (let attempt = 1;; attempt++) {
      const response = await fetch(this.#at(url), init);
      if (response.ok) return await response.json() as ImportState;
      const text = await response.text();
      if (attempt === 20) throw new Error(`${this.#kind} does not answer: ${text}`);
      await wait(20);
    }
  }

  #at(url: string): string {
    return `${url}${this.#kind}/${this.imports}`;
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
    const places = Array.from({ length: Math.ceil(rows / 100_000) }, () => 0.8 * rows * random());
    return places.map(Math.floor).sort((a, b) => a - b);
  }
}
