import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { checkDeliveries, commitsTo } from "../../../src/adapters/checkpoint.ts";
import {
  chunks,
  type DeadLetter,
  etl,
  leased,
  type LeaseOptions,
  type LoadContext,
  many,
  MemoryCheckpointStore,
  type Pipeline,
  type RunOptions,
  type Source,
  wholeBatch,
} from "../../../src/index.ts";
import { failingFor, lettersInto, reportOf } from "../../support/run/lending.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A sink in memory whose commit is at once: rows, and the ids of their deliveries. */
class Kept {
  readonly rows: unknown[] = [];
  readonly ids = new Set<string>();
  readonly told: string[] = [];
  /** Fails a load, or an acknowledgement, after what it does. */
  breaks: (rows: readonly unknown[]) => void = () => {};

  readonly load: Pipeline<number, unknown>["load"] = Object.assign(
    (rows: unknown[], { batch: { deliveries } }: LoadContext) => {
      const { source, ids } = deliveries!;
      expect(source).toBe("numbers");
      checkDeliveries(ids, ids.filter((id) => !this.ids.has(id)));
      this.breaks(rows);
      this.rows.push(...rows);
      for (const id of ids) this.ids.add(id);
    },
    { [commitsTo]: Object.assign(new MemoryCheckpointStore(), { keepsDeliveries: true }) },
  );

  /** Runs a pipeline of a queue that delivers these numbers, named by what they are. */
  run(
    items: Source<number>,
    members: Partial<Pipeline<number, unknown>> = {},
    options: RunOptions<number> = {},
  ) {
    const queue = leased(items, {
      acknowledge: (items) => void this.told.push(`done ${items}`),
      idOf: (n) => `no ${n}`,
      attemptsOf: () => 1,
    });
    const pipeline = { name: "numbers", extract: () => queue, load: this.load, ...members };
    const run = etl<number, unknown>(pipeline).start({ batchSize: 4, ...options });
    return reportOf(run);
  }
}

describe("a leased source with ids, and a sink that keeps them", () => {
  it("loads nothing twice, whatever batches it comes in again, and is told of all", async () => {
    const kept = new Kept();
    const first = await kept.run([1, 2, 3, 4, 5]);
    expect(first).toMatchObject({ guarantee: "effectively-once", loaded: 5, skipped: 0 });
    kept.told.length = 0;
    const again = await kept.run([2, 6, 4, 7, 5, 1], {}, { batchSize: 3 });
    expect(again).toMatchObject({ loaded: 2, skipped: 4 });
    expect(kept.rows).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(kept.told).toEqual(["done 2,6,4", "done 7,5,1"]);
  });

  it("loads what is delivered twice in one batch once", async () => {
    const kept = new Kept();
    expect(await kept.run([1, 2, 1, 1])).toMatchObject({ loaded: 2, skipped: 2 });
    expect(kept.rows).toEqual([1, 2]);
    expect(kept.told).toEqual(["done 1,2", "done 1,1"]);
  });

  describe("where one comes again in a batch, before the first is committed", () => {
    /** The second delivery of a number is the negative one. */
    const ofOneId = (items: Source<number>, kept: Kept, options: Partial<LeaseOptions<number>>) =>
      leased(items, {
        acknowledge: (items) => void kept.told.push(`done ${items}`),
        release: (items) => void kept.told.push(`released ${items}`),
        idOf: (n) => `no ${Math.abs(n)}`,
        ...options,
      });

    it("releases both if the run ends first", async () => {
      const kept = new Kept();
      const stopping = new AbortController();
      kept.breaks = (rows) => {
        if (rows.length > 2) throw new Error("not so many");
        if (!rows.includes(1)) return;
        stopping.abort();
        throw new Error("stopped");
      };
      const extract = () => ofOneId([2, 3, 1, -1], kept, {});
      const report = await kept.run([], { extract }, {
        ...{ signal: stopping.signal, drainTimeout: 0, deadLetters: lettersInto([]) },
      });
      expect(report).toMatchObject({ outcome: "aborted", loaded: 1, skipped: 0, pending: 3 });
      expect(kept.told).toEqual(["done 2", "released 3,1,-1"]);
    });

    it("gives both back if none can be loaded", async () => {
      const kept = new Kept();
      kept.breaks = (rows) => {
        if (rows.some((row) => Math.abs(row as number) === 1)) throw new Error("not 1");
      };
      const reject = ([item]: readonly number[]) => {
        kept.told.push(`back ${item}`);
        return "returned";
      };
      const extract = () => ofOneId([2, 1, -1], kept, { reject });
      const report = await kept.run([], { extract });
      expect(report).toMatchObject({ outcome: "completed", loaded: 1, skipped: 0, returned: 2 });
      expect(kept.told).toEqual(["done 2", "back 1", "back -1"]);
    });

    it("loads the second if only the first is a letter", async () => {
      const kept = new Kept();
      const letters: DeadLetter[] = [];
      kept.breaks = (rows) => {
        if (rows.includes(1)) throw new Error("not 1");
      };
      const extract = () => ofOneId([1, -1, 2, -1], kept, {});
      const report = await kept.run([], { extract }, { deadLetters: lettersInto(letters) });
      expect(report).toMatchObject({ loaded: 2, skipped: 1, deadLettered: 1 });
      expect(letters.map(({ item }) => item)).toEqual([1]);
      expect(kept.rows).toEqual([2, -1]);
      expect(kept.told).toEqual(["done 1,2", "done -1", "done -1"]);
    });
  });

  it("needs no load where all of a batch is there", async () => {
    const kept = new Kept();
    await kept.run([1, 2]);
    expect(await kept.run([1, 2])).toMatchObject({ loaded: 0, skipped: 2, batches: 0 });
    expect(kept.told).toEqual(["done 1,2", "done 1,2"]);
  });

  it("finds by its ids that a load which has failed was committed", async () => {
    const kept = new Kept();
    const { load } = kept;
    let calls = 0;
    const lost = Object.assign((rows: unknown[], context: LoadContext) => {
      const done = load(rows, context);
      if (calls++ === 0) throw new Error("the answer is lost");
      return done;
    }, { [commitsTo]: (load as { [commitsTo]?: unknown })[commitsTo] });
    const retry = { load: { maxAttempts: 2, baseDelay: 1 } };
    expect(await kept.run([1, 2, 3], { load: lost as typeof load }, { retry }))
      .toMatchObject({ outcome: "completed", skipped: 3, retries: 1 });
    expect(kept.rows).toEqual([1, 2, 3]);
  });

  it("keeps to the ids of what is loaded: items with several rows, none, or a letter", async () => {
    const letters: DeadLetter[] = [];
    const kept = new Kept();
    const transform = (n: number) => n === 2 ? many([]) : many([failingFor(3)(n), -n]);
    const deadLetters = lettersInto(letters);
    await kept.run([1, 2, 3, 4], { transform }, { deadLetters });
    expect([...kept.ids]).toEqual(["no 1", "no 4"]);
    await kept.run([4, 5], { transform });
    expect(kept.rows).toEqual([1, -1, 4, -4, 5, -5]);
  });

  it("isolates a bad row, and keeps the ids of the others", async () => {
    const letters: DeadLetter[] = [];
    const kept = new Kept();
    kept.breaks = (rows) => {
      if (rows.includes(3)) throw new Error("not 3");
    };
    await kept.run([1, 2, 3, 4], {}, { deadLetters: lettersInto(letters) });
    expect(letters.map(({ item }) => item)).toEqual([3]);
    expect(await kept.run([1, 2, 4])).toMatchObject({ loaded: 0, skipped: 3 });
  });

  it.each<[string, Partial<Pipeline<number, unknown>>, RegExp]>([
    [
      "rows of no single item",
      { transformBatch: () => wholeBatch([1]) },
      /a function without wholeBatch\(\) if/,
    ],
    ["an id that is none", {
      extract: () => leased([1], { acknowledge: () => {}, idOf: () => 7 as unknown as string }),
    }, /'idOf' must be a function that returns a text: current value is 7/],
  ])("refuses %s", async (_, members, words) => {
    const kept = new Kept();
    const report = await kept.run(chunks([[1, 2]]), members);
    expect(report.failure?.message).toMatch(words);
  });
});

describe('"effectively-once" as a wish', () => {
  const guarantee = "effectively-once" as const;

  it("is kept by ids and a sink that keeps them", async () => {
    const report = await new Kept().run([1], {}, { guarantee });
    expect(report).toMatchObject({ outcome: "completed", guarantee });
  });

  it("is refused before anything is read, where the source has none", async () => {
    const told: unknown[] = [];
    const extract = () => leased([1], { acknowledge: (items) => told.push(items) });
    const kept = new Kept();
    const { failure } = await kept.run([], { extract }, { guarantee });
    expect(failure?.message).toContain(
      "'guarantee' must be \"at-least-once\", as the source redelivers",
    );
    expect([told, kept.rows]).toEqual([[], []]);
    const plain = await kept.run([], { extract: () => [1] }, { guarantee });
    expect(plain.failure?.message).toContain("as without checkpoints, a repeated run loads");
    expect(kept.rows).toEqual([]);
  });

  it("is refused at once, where the load keeps none", () => {
    const extract = () => leased([1], { acknowledge: () => {}, idOf: String });
    const pipeline = etl<number>({ name: "numbers", extract, load: () => {} });
    expect(() => pipeline.start({ guarantee })).toThrow("'guarantee' must be \"at-least-once\"");
  });
});
