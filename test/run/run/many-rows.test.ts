import fc from "fast-check";
import { expect, it } from "vitest";
import {
  BatchError,
  etl,
  type EtlError,
  many,
  MemoryCheckpointStore,
  type Pipeline,
  type Run,
  type RunReport,
  skip,
  wholeBatch,
} from "../../../src/index.ts";
import { KeptLetters } from "../../support/dead-letters/kept-letters.ts";
import { seeded } from "../../support/streams/schedules.ts";

const plans = fc.record({
  items: fc.array(
    fc.record({
      rows: fc.nat(4),
      fate: fc.oneof(
        { weight: 8, arbitrary: fc.constant("good" as const) },
        fc.constantFrom("skip", "cannot be mapped", "is mapped later", "is named", "is poison"),
      ),
      isAsync: fc.boolean(),
    }),
    { minLength: 1, maxLength: 24 },
  ),
  map: fc.constantFrom("item", "batch", "whole"),
  batchSize: fc.integer({ min: 1, max: 8 }),
  workers: fc.integer({ min: 1, max: 3 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  isolate: fc.constantFrom("bisect" as const, "none" as const),
  hasLetters: fc.boolean(),
  end: fc.constantFrom("all", "source fails", "drain", "abort"),
  at: fc.nat(24),
});
type Plan = typeof plans extends fc.Arbitrary<infer P> ? P : never;

/** A row: which part it is of the rows that have to be loaded together. */
interface Row {
  readonly item: number;
  readonly group: string;
  readonly part: number;
  readonly of: number;
}

/** What is loaded by the runs of a plan, each of which goes on where the last one has ended. */
class World {
  readonly committed: Row[] = [];
  readonly broken: string[] = []; // By what a load was given, which may fail.
  readonly kept = new KeptLetters<number>();
  readonly #plan: Plan;
  readonly #mapped = new Set<number>();
  readonly #checkpoints = new MemoryCheckpointStore();
  #calls = 0;
  #run: Run | undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** One run, and the rows that it has loaded. */
  async live(isLast: boolean): Promise<{ report: RunReport; rows: Row[] }> {
    const { map, batchSize, workers, concurrency, maxAttempts, isolate, hasLetters } = this.#plan;
    const before = this.committed.length;
    this.#run = etl(this.#pipeline(isLast)).start({
      ...{ batchSize, workers, checkpoints: this.#checkpoints },
      ...(map === "item" && { concurrency }),
      ...(hasLetters && { isolate, deadLetters: () => new WritableStream(this.#sink()) }),
      retry: { maxAttempts, baseDelay: 0 },
    });
    const ended = this.#run.finished.catch((error: EtlError) => error.report!);
    return { report: await ended, rows: this.committed.slice(before) };
  }

  #sink(): UnderlyingSink {
    const { letters } = this.kept;
    return { write: (letter) => void letters.push(letter) };
  }

  #pipeline(isLast: boolean): Pipeline<number, Row> {
    const { map } = this.#plan;
    return {
      name: "many",
      extract: () => this.#items(isLast),
      ...(map === "item"
        ? { transform: (n: number) => this.#map(n) }
        : { transformBatch: (ns: number[]) => this.#mapBatch(ns, map === "whole") }),
      load: async (rows) => this.#load(rows),
    };
  }

  *#items(isLast: boolean): Generator<number> {
    const { items, end, at } = this.#plan;
    for (const n of items.keys()) {
      if (!isLast && n === at) {
        if (end === "source fails") throw new Error("the source fails");
        if (end === "drain" || end === "abort") this.#run![end]().catch(() => {});
      }
      yield n;
    }
  }

  #map(n: number) {
    const result = () => {
      const rows = this.#rowsOf(n, `item ${n}`);
      if (rows === undefined) return skip;
      return rows.length === 1 && n % 2 === 0 ? rows[0]! : many(rows);
    };
    return this.#plan.items[n]!.isAsync ? Promise.resolve().then(result) : result();
  }

  #mapBatch(ns: number[], isWhole: boolean) {
    if (!isWhole) {
      return ns.map((n) => {
        const rows = this.#rowsOf(n, `item ${n}`);
        return rows === undefined ? skip : many(rows);
      });
    }
    const group = `call ${this.#calls++}`;
    const rows = ns.flatMap((n) => this.#rowsOf(n, group) ?? []);
    return wholeBatch(rows.map((row, part) => ({ ...row, part, of: rows.length })));
  }

  #rowsOf(item: number, group: string): Row[] | undefined {
    const { rows, fate } = this.#plan.items[item]!;
    if (fate === "cannot be mapped") throw new Error(fate);
    if (fate === "is mapped later" && !this.#mapped.has(item)) {
      this.#mapped.add(item);
      throw new Error(fate);
    }
    if (fate === "skip") return undefined;
    return Array.from({ length: rows }, (_, part) => ({ item, group, part, of: rows }));
  }

  #load(rows: Row[]): void {
    if (rows.length === 0) this.broken.push("a load of no rows");
    const groups = Map.groupBy(rows, ({ group }) => group);
    for (const parts of groups.values()) { // Never split, and in their order.
      const isWhole = parts.length === parts[0]!.of && parts.every(({ part }, n) => part === n);
      if (!isWhole) this.broken.push(`a part of ${parts[0]!.group}`);
    }
    const isOf = (fate: string) => ({ item }: Row) => this.#plan.items[item]!.fate === fate;
    if (rows.some(isOf("is poison"))) throw new Error("is poison");
    const named = rows.findLastIndex(isOf("is named"));
    if (named >= 0) throw new BatchError(new Map([[named, new Error("is named")]]));
    this.committed.push(...rows);
    rows.length = 0; // It may.
  }
}

it("property: an item is loaded once with all of its rows, or left out, or a letter", async () => {
  const property = fc.asyncProperty(plans, async (plan) => {
    const world = new World(plan);
    for (const turn of [0, 1, 2]) {
      const { report, rows } = await world.live(turn > 0);
      const { extracted, loaded, skipped, deadLettered, pending } = report;
      expect(loaded + skipped + deadLettered + pending).toBe(extracted);
      expect(report.rows).toBe(rows.length);
      const items = new Set(rows.map(({ item }) => item));
      if (plan.map === "whole") expect(loaded).toBeGreaterThanOrEqual(items.size);
      else expect(loaded).toBe(items.size);
      if (report.outcome !== "completed") continue;
      expect(pending).toBe(0);
      expect(report.checkpoint).toMatchObject({ offset: plan.items.length, done: [] });
    }
    const { committed, kept: { letters } } = world;
    expect(world.broken).toEqual([]);
    const places = committed.map(({ item, group, part }) => `${item} ${group} ${part}`);
    expect(new Set(places).size).toBe(committed.length);
    const given = letters.map(({ item }) => item);
    expect(new Set(given).size).toBe(given.length);
    expect(committed.filter(({ item }) => given.includes(item))).toEqual([]);
    for (const letter of letters) {
      const hasOneRow = plan.map !== "whole" && plan.items[letter.item]!.rows === 1;
      expect("row" in letter).toBe(letter.stage === "load" && hasOneRow);
    }
    if (!plan.hasLetters || plan.map === "whole") return;
    const isBad = (fate: string) => fate === "cannot be mapped";
    const good = plan.items.filter(({ fate, rows }) => fate !== "skip" && !isBad(fate) && rows > 0);
    const placed = new Set(committed.map(({ item }) => item)).size;
    const failed = letters.filter(({ stage }) => stage === "load").length;
    const unmapped = letters.filter(({ item, stage }) =>
      stage === "transform" && good.includes(plan.items[item]!)
    );
    expect(placed + failed + unmapped.length).toBe(good.length);
  });
  await fc.assert(property, { ...seeded, numRuns: 100 });
});
