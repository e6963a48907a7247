import fc from "fast-check";
import { expect, it } from "vitest";
import { etl, type LoadContext, type Pipeline } from "../../../src/index.ts";
import { MemorySink, type Row } from "../../support/sinks/memory-sink.ts";

type Load = Pipeline<Row>["load"];
type Kind = "alone" | "linked by hand" | "wrapped" | "around";

/** A load of a kind, in which `disturb` may fail before and after the rows were given to the sink. */
function loadOf(sink: MemorySink, kind: Kind, disturb: () => Promise<void>): Load {
  const around = async (rows: Row[], context: LoadContext) => {
    await disturb();
    await sink.load(rows as never, context as never);
    await disturb();
  };
  switch (kind) {
    case "alone":
      return sink.load as Load;
    case "around":
      return around;
    case "linked by hand":
      return Object.assign(around, sink.load);
    case "wrapped":
      return sink.wrap(async (rows, _, load) => {
        await disturb();
        await load(rows);
        await disturb();
      }) as Load;
  }
}

const plan = fc.record({
  kind: fc.constantFrom<Kind>("alone", "linked by hand", "wrapped", "around"),
  count: fc.integer({ min: 1, max: 12 }),
  batchSize: fc.integer({ min: 1, max: 5 }),
  workers: fc.integer({ min: 1, max: 3 }),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  failures: fc.array(fc.boolean(), { maxLength: 12 }),
  answers: fc.array(fc.boolean(), { maxLength: 6 }),
  hasLetters: fc.boolean(),
});

it("each row is stored once, and none is a dead letter too, whatever fails", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (given) => {
      const { kind, count, batchSize, workers, maxAttempts } = given;
      const [failures, answers] = [[...given.failures], [...given.answers]];
      const sink = new MemorySink();
      const rows = Array.from({ length: count }, (_, id) => ({ id, name: `${id}` }));
      const written: number[] = [];
      sink.insert = (rows) => void written.push(...rows.map(({ id }) => id));
      const begin = sink.begin.bind(sink);
      sink.begin = async () => {
        await begin();
        sink.isLosing = answers.shift() ?? false;
      };
      const letters = new Set<number>();
      const deadLetters = () =>
        new WritableStream<{ item: Row }>({ write: ({ item }) => void letters.add(item.id) });
      const load = loadOf(sink, kind, async () => {
        await undefined;
        if (failures.shift()) throw new Error("The function has failed");
      });
      const job = etl<Row, Row>({ name: "rows", extract: () => rows, load });
      const retry = { maxAttempts, baseDelay: 0 };
      const options = { batchSize, workers, retry, checkpoints: sink.checkpoints };
      const more = given.hasLetters ? { deadLetters } : {};
      let runs = 0;
      for (let isDone = false; !isDone; runs++) {
        isDone = await job.run({ ...options, ...more }).then(() => true, () => false);
        expect(runs).toBeLessThan(40);
      }
      const once = [...new Set(written)].sort((a, b) => a - b);
      const wanted = rows.map(({ id }) => id).filter((id) => once.includes(id) || !letters.has(id));
      expect(once).toEqual(wanted);
      if (kind === "around" && (runs > 1 || given.answers.includes(true))) return; // At least once.
      expect(written.length).toBe(once.length);
      // A function that has given a row and fails then is not known to have given it.
      if (kind === "alone" || kind === "wrapped") {
        expect(once.filter((id) => letters.has(id))).toEqual([]);
      }
    }),
    { numRuns: 150, seed: 7 },
  );
});
