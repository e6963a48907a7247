import fc from "fast-check";
import { expect, it } from "vitest";
import { etl, MemoryCheckpointStore, type RunReport } from "../../../src/index.ts";

/** An item of a page, and the place to go on after it. */
interface Placed {
  readonly n: number;
  readonly place: { readonly token: string; readonly index: number };
}

const count = 60;
const perPage = 10;

/** Pages of ten numbers, which know only the token of the next one. */
function pageOf(token: string): { items: number[]; next: string | undefined } {
  const first = Number(token.slice(1));
  const items = Array.from({ length: perPage }, (_, n) => first + n);
  const end = first + perPage;
  return { items, next: end < count ? `p${end}` : undefined };
}

/** What comes after a place, until the source fails. */
async function* itemsAfter(
  { token, index }: Placed["place"],
  mayGive: (n: number) => boolean,
): AsyncGenerator<Placed> {
  let drop = index + 1;
  for (let at: string | undefined = token; at !== undefined;) {
    const { items, next } = pageOf(at);
    for (const [index, n] of items.entries()) {
      if (!mayGive(n)) throw new Error("The source has failed");
      if (index >= drop) yield { n, place: { token: at, index } };
    }
    drop = 0;
    at = next;
  }
}

it("each item of pages is loaded once by { token, index }, whatever fails", async () => {
  const chance = fc.double({ min: 0, max: 0.3, noNaN: true });
  const random = fc.integer({ min: 1, max: 2 ** 31 - 2 });
  const options = fc.tuple(chance, chance, random, fc.constantFrom(1, 4), fc.constantFrom(3, 7));
  await fc.assert(
    fc.asyncProperty(options, async ([failsToLoad, failsToRead, seed, workers, batchSize]) => {
      let state = seed; // S. K. Park, K. W. Miller, Random Number Generators, 1988.
      const next = () => (state = state * 48_271 % (2 ** 31 - 1)) / (2 ** 31 - 1);
      const loads = new Map<number, number>();
      const pipeline = etl<Placed>({
        name: "pages",
        extract: ({ checkpoint }) => {
          const first = { token: "p0", index: -1 };
          const place = (checkpoint?.position ?? first) as Placed["place"];
          return itemsAfter(place, () => next() >= failsToRead / perPage);
        },
        load: async (batch) => {
          const turns = Math.floor(next() * 5);
          for (let turn = 0; turn < turns; turn++) await undefined;
          if (next() < failsToLoad) throw new Error("The load has failed");
          for (const { n } of batch) loads.set(n, (loads.get(n) ?? 0) + 1);
        },
      }, {
        checkpoints: new MemoryCheckpointStore(),
        position: ({ place }) => place,
        resume: "source",
        ...{ workers, batchSize, timeout: Infinity },
      });
      let report: RunReport | undefined;
      for (let run = 0; run < 500 && report === undefined; run++) {
        report = await pipeline.run().catch(() => undefined);
      }
      expect(report?.checkpoint).toMatchObject({ offset: count, done: [] });
      expect([...loads].sort(([a], [b]) => a - b)).toEqual(
        Array.from({ length: count }, (_, n) => [n, 1]),
      );
    }),
    { numRuns: 100 },
  );
});
