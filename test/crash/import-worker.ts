import {
  type CloudflareSink,
  type D1Binding,
  d1Sink,
  durableObjectSink,
  type DurableObjectStorage,
  runStep,
} from "../../src/adapters/cloudflare.ts";
import { encodeNdjson, readNdjson } from "../../src/adapters/ndjson.ts";
import {
  type ObjectSink,
  objectSink,
  type R2Bucket,
  readObject,
} from "../../src/adapters/object.ts";
import { KeptFolder } from "../../src/adapters/object/kept-folder.ts";
import { storeOf } from "../../src/adapters/object/store-of.ts";
import { type Checkpoint, decodeCheckpoint, rangesOf } from "../../src/checkpoints/checkpoint.ts";
import { batched, chunks, etl } from "../../src/index.ts";

/** What rows go into. */
export type ImportKind = "object" | "D1" | "R2";

/** What an object imports, and how. */
export interface ImportPlan {
  /** Where the rows go: the storage of the object, D1 or a bucket of R2. */
  readonly kind: ImportKind;
  /** The table, which has no key, or the folder; it is for this import alone. */
  readonly table: string;
  readonly rows: number;
  readonly batchSize: number;
  readonly workers: number;
  /** The object is evicted right after a commit that has got to this row, once for each. */
  readonly evictions: readonly number[];
}

/** How far an import is. */
export interface ImportState {
  readonly isDone: boolean;
  /** Rows that are there. */
  readonly rows: number;
  /** Different ones of them. */
  readonly numbers: number;
  /** Rows that are marked as finished. */
  readonly marked: number;
  readonly evicted: number;
}

interface State {
  readonly storage: DurableObjectStorage & { setAlarm(at: number): Promise<void> };
  abort(reason: string): void;
}

interface Env {
  readonly DB: D1Binding;
  readonly BUCKET: R2Bucket;
  readonly OBJECT: {
    get(id: unknown): { fetch(request: Request): Promise<Response> };
    idFromName(name: string): unknown;
  };
}

/** A sink of either kind. */
type AnySink =
  & Pick<CloudflareSink, "load" | "checkpoints">
  & Partial<Pick<ObjectSink<object>, "writeManifest">>;

const ownSql = "create table if not exists own (plan text, is_done integer, evicted integer)";
const countSql = (table: string) => `select count(*) as n, count(distinct n) as d from ${table}`;
const markSql = (table: string) =>
  `select checkpoint from millrace_checkpoint where key = '${table}'`;

/** An import that goes on by alarm until it is done. */
export class Import {
  readonly #state: State;
  readonly #db: D1Binding;
  readonly #bucket: R2Bucket;

  constructor(state: State, { DB, BUCKET }: Env) {
    this.#state = state;
    this.#db = DB;
    this.#bucket = BUCKET;
    state.storage.sql.exec(ownSql);
  }

  /** Tells how far it is once it is done; begins, or goes on, if a plan is posted, and tells too. */
  async fetch(request: Request): Promise<Response> {
    if (request.method === "GET") {
      const { isDone } = this.#own()!;
      return Response.json(isDone ? await this.#tell() : { isDone }); // To count costs the import time.
    }
    const plan = await request.json() as ImportPlan;
    const { storage } = this.#state;
    const made = `create table if not exists ${plan.table} (n integer)`;
    if (plan.kind === "D1") await this.#db.batch([this.#db.prepare(made)]);
    if (plan.kind === "object") storage.sql.exec(made);
    await this.#sink(plan).checkpoints.read(plan.table); // Makes the table that marks are in.
    if (this.#own() === undefined) storage.sql.exec("insert into own values ('', 0, 0)");
    storage.sql.exec("update own set plan = ?", JSON.stringify(plan));
    const state = await this.#tell();
    if (!state.isDone) await storage.setAlarm(Date.now());
    return Response.json(state);
  }

  /** One step. */
  async alarm(): Promise<void> {
    const { plan, isDone } = this.#own()!;
    if (isDone) return;
    await this.#state.storage.setAlarm(Date.now()); // Whatever becomes of this step.
    const { table, rows, batchSize, workers } = plan;
    const sink = this.#sink(plan);
    const load = async (batch: { n: number }[], context: Parameters<typeof sink.load>[1]) => {
      await sink.load(batch, context); // It is committed.
      const next = plan.evictions[this.#own()!.evicted] ?? Infinity;
      if (batch.at(-1)!.n < next) return;
      this.#state.storage.sql.exec("update own set evicted = evicted + 1");
      setTimeout(() => this.#state.abort("evicted"), 0);
      await new Promise(() => {});
    };
    const numbers = etl({
      name: table,
      extract: ({ checkpoint }) => chunks(numbersFrom(checkpoint?.position as number ?? 0, rows)),
      load: Object.assign(load, sink.load),
      ...sink.writeManifest && { postProcess: sink.writeManifest },
    }, { checkpoints: sink.checkpoints, position: ({ n }) => n + 1, resume: "source", lease: 50 });
    const step = await runStep(numbers, { batchSize, workers, budget: { duration: 200 } });
    if (step.isDone) this.#state.storage.sql.exec("update own set is_done = 1");
  }

  #sink({ kind, table }: ImportPlan): AnySink {
    if (kind === "R2") return objectSink(this.#bucket, { format: encodeNdjson() });
    return kind === "D1"
      ? d1Sink(this.#db, { table })
      : durableObjectSink(this.#state.storage, { table });
  }

  #own(): { plan: ImportPlan; isDone: boolean; evicted: number } | undefined {
    const [row] = this.#state.storage.sql.exec("select * from own").toArray() as {
      plan: string;
      is_done: number;
      evicted: number;
    }[];
    if (row === undefined) return undefined;
    return { plan: JSON.parse(row.plan), isDone: row.is_done === 1, evicted: row.evicted };
  }

  async #tell(): Promise<ImportState> {
    const { plan: { kind, table }, isDone, evicted } = this.#own()!;
    if (kind === "R2") return { ...await this.#countParts(table), isDone, evicted };
    const asked = [countSql(table), markSql(table)];
    const [[counts], marks] = kind === "D1" ? await this.#ask(asked) : this.#read(asked);
    const { n, d } = counts as { n: number; d: number };
    const [mark] = marks as { checkpoint: string | null }[];
    const stored = mark?.checkpoint == null ? undefined : decodeCheckpoint(table, mark.checkpoint);
    return { isDone, rows: n, numbers: d, marked: rowsIn(stored), evicted };
  }

  /** What the parts in the bucket have that count. */
  async #countParts(table: string): Promise<Pick<ImportState, "rows" | "numbers" | "marked">> {
    const store = storeOf("count rows", this.#bucket);
    const { mark, parts } = await new KeptFolder(store, table, `${table}/`).look();
    const numbers: number[] = [];
    for (const name of parts.keys()) {
      const part = readNdjson<{ n: number }>(readObject(store, `${table}/${name}`));
      for await (const rows of batched(part)) numbers.push(...rows.map(({ n }) => n));
    }
    const different = new Set(numbers).size;
    return { rows: numbers.length, numbers: different, marked: rowsIn(mark.checkpoint) };
  }

  #read(statements: readonly string[]): [unknown[], unknown[]] {
    const { sql } = this.#state.storage;
    return statements.map((text) => sql.exec(text).toArray()) as [unknown[], unknown[]];
  }

  async #ask(statements: readonly string[]): Promise<[unknown[], unknown[]]> {
    const answers = await this.#db.batch(statements.map((text) => this.#db.prepare(text)));
    return answers.map(({ results }) => results ?? []) as [unknown[], unknown[]];
  }
}

function rowsIn(checkpoint: Checkpoint | undefined): number {
  if (checkpoint === undefined) return 0;
  return rangesOf(checkpoint).reduce((all, [from, to]) => all + to - from, 0);
}

function* numbersFrom(start: number, rows: number): Generator<{ n: number }[]> {
  for (let n = start; n < rows; n += 250) {
    yield Array.from({ length: Math.min(250, rows - n) }, (_, i) => ({ n: n + i }));
  }
}

export default {
  fetch: (request: Request, { OBJECT }: Env) =>
    OBJECT.get(OBJECT.idFromName(new URL(request.url).pathname)).fetch(request),
};
