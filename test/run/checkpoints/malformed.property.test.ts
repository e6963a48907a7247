import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type Checkpoint,
  etl,
  malformed,
  MemoryCheckpointStore,
  type RunOptions,
  type Source,
} from "../../../src/index.ts";

/** What a run is given, and what its parts fail by. */
interface Case {
  readonly broken: readonly boolean[];
  readonly seed: number;
  readonly mode: "skip" | "source";
  readonly workers: number;
  readonly batchSize: number;
}

/** Each item of a source until it fails; what comes after a position, where that is asked for. */
function* itemsAfter(
  { broken, mode }: Case,
  checkpoint: Checkpoint | undefined,
  fails: () => boolean,
): Generator<number> {
  const after = mode === "source" ? checkpoint?.position as number ?? -1 : -1;
  for (let n = after + 1; n < broken.length; n++) {
    if (fails()) throw new Error("The source has failed");
    yield broken[n] ? malformed(n, "broken") : n;
  }
}

/** Runs until all is done; tells how often each number was loaded or given up on. */
async function finish(given: Case): Promise<{ loaded: number[]; letters: number[] }> {
  const { broken, mode, workers, batchSize } = given;
  let state = given.seed; // S. K. Park, K. W. Miller, Random Number Generators, 1988.
  const next = () => (state = state * 48_271 % (2 ** 31 - 1)) / (2 ** 31 - 1);
  const [loaded, letters] = [broken.map(() => 0), broken.map(() => 0)];
  const checkpoints = new MemoryCheckpointStore();
  const options: RunOptions<number> = {
    ...{ checkpoints, workers, batchSize, resume: mode, maxDeadLetters: Infinity },
    ...(mode === "source" && { position: (n) => n }),
    isolate: "none",
  };
  let runs = 0;
  const pipeline = etl<number>({
    name: "numbers",
    extract: ({ checkpoint }): Source<number> =>
      itemsAfter(given, checkpoint, () => next() < 0.05 && runs < 50),
    transform: next() < 0.5 ? (n) => n : async (n) => n,
    load: async (rows) => {
      for (let turn = Math.floor(next() * 5); turn > 0; turn--) await undefined;
      for (const n of rows) loaded[n]!++;
    },
  });
  for (let isDone = false; !isDone; runs++) {
    const write = ({ item }: { item: number }) => {
      if (next() < 0.2 && runs < 50) throw new Error("The letters have failed");
      letters[item]!++;
    };
    const deadLetters = new WritableStream({ write });
    await pipeline.run({ ...options, deadLetters }).then(() => void (isDone = true), () => {});
  }
  runs = 50;
  const again = await pipeline.run({ ...options, deadLetters: new WritableStream() });
  expect(again).toMatchObject({ extracted: 0, deadLettered: 0 }); // Also what could not be read is finished.
  return { loaded, letters };
}

it("each item is loaded once, and each that could not be read is one letter, whatever fails", async () => {
  const cases = fc.record<Case>({
    broken: fc.array(fc.boolean(), { maxLength: 30 }),
    seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
    mode: fc.constantFrom("skip", "source"),
    workers: fc.constantFrom(1, 3),
    batchSize: fc.constantFrom(1, 3, 7),
  });
  await fc.assert(
    fc.asyncProperty(cases, async (given) => {
      const { loaded, letters } = await finish(given);
      expect(loaded).toEqual(given.broken.map((isBroken) => isBroken ? 0 : 1));
      expect(letters).toEqual(given.broken.map((isBroken) => isBroken ? 1 : 0));
    }),
    { numRuns: 100, seed: 7 },
  );
});
