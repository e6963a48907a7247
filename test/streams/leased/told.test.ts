import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  BatchError,
  chunks,
  type DeadLetter,
  type LeaseOptions,
  malformed,
  type Pipeline,
  type PipelineError,
  skip,
  wholeBatch,
} from "../../../src/index.ts";
import {
  errorOf,
  failingFor,
  lend,
  lettersInto,
  refusing,
  reportOf,
} from "../../support/run/lending.ts";
import { wait } from "../../support/run/time.ts";
import { streamOf } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Members = Partial<Pipeline<number, unknown>>;

/** Takes back all numbers, or some, and notes them. */
function takingBack(
  told: unknown[],
  isTaken: (n: number) => boolean = () => true,
): Partial<LeaseOptions<number>> {
  return {
    reject([item], error) {
      told.push(`${item}: ${(error as Error).message}`);
      return isTaken(item!) ? "returned" : undefined;
    },
  };
}

describe("a leased source", () => {
  it.each([
    ["an array", () => [1, 2, 3]],
    ["a generator", function* () {
      yield* [1, 2, 3];
    }],
    ["an async generator", async function* () {
      yield* [1, 2, 3];
    }],
    ["a stream", () => streamOf([1, 2, 3])],
    ["chunks", () => chunks([[1], [2, 3]])],
  ])("is told of what is loaded, batch by batch: %s", async (_, source) => {
    const { told, run } = lend(source());
    const { outcome, guarantee, returned } = await reportOf(run);
    expect(told).toEqual(["done 1,2", "done 3", "closed", "finalize"]);
    expect([outcome, guarantee, returned]).toEqual(["completed", "at-least-once", 0]);
  });

  it("is told of nothing before its load has succeeded", async () => {
    const load = (rows: unknown[]) => wait(50).then(() => void told.push(`load ${rows}`));
    const { told, run } = lend([1, 2, 3], { load });
    await reportOf(run);
    expect(told.slice(0, 4)).toEqual(["load 1,2", "done 1,2", "load 3", "done 3"]);
  });

  it("is told of what is skipped, and of what has a letter, and by the pipeline's own too", async () => {
    const letters: DeadLetter[] = [];
    const own: string[] = [];
    const transform = (n: number) => n === 1 ? skip : failingFor(3)(n);
    const acknowledge = (items: readonly number[]) => void own.push(`${items}`);
    const deadLetters = lettersInto(letters);
    const { told, run } = lend([1, 2, 3, 4], { transform, acknowledge }, {}, { deadLetters });
    const { loaded, skipped, deadLettered } = await reportOf(run);
    expect([loaded, skipped, deadLettered]).toEqual([2, 1, 1]);
    expect(told.slice(0, 2)).toEqual(["done 1,2", "done 3,4"]);
    expect(own).toEqual(["1,2", "3,4"]);
    expect(letters.map(({ item }) => item)).toEqual([3]);
  });

  it.each<[string, Members, string]>([
    ["the transform of one item", { transform: failingFor(2, 3) }, "done 1,4"],
    [
      "the transform of a batch",
      { transformBatch: (all) => all.map(failingFor(2, 3)) },
      "done 1,4",
    ],
    ["a load", { load: refusing(2, 3) }, "done 1 done 4"],
    ["a load that names them", {
      load(rows) {
        const bad = new Map(
          rows.flatMap((row, at) =>
            [2, 3].includes(row as number) ? [[at, new Error(`not ${row}`)]] : []
          ),
        );
        if (bad.size > 0) throw new BatchError(bad);
      },
    }, "done 1,4"],
  ])(
    "takes back what fails in %s, without dead letters, and the run goes on",
    async (_, members, done) => {
      const back: string[] = [];
      const { told, run } = lend([1, 2, 3, 4], members, takingBack(back), { batchSize: 4 });
      const { outcome, loaded, returned } = await reportOf(run);
      expect([outcome, loaded, returned]).toEqual(["completed", 2, 2]);
      expect(back).toEqual(["2: not 2", "3: not 3"]);
      expect(told.join(" ")).toBe(`${done} closed finalize`);
    },
  );

  it.each(["transform", "load"] as const)(
    "keeps a letter of what it does not take back: %s",
    async (stage) => {
      const letters: DeadLetter[] = [];
      const back: string[] = [];
      const members: Members = stage === "load"
        ? { load: refusing(2, 3) }
        : { transform: failingFor(2, 3) };
      const { told, run } = lend([1, 2, 3, 4], members, takingBack(back, (n) => n === 2), {
        deadLetters: lettersInto(letters),
      });
      const { loaded, returned, deadLettered } = await reportOf(run);
      expect([loaded, returned, deadLettered]).toEqual([2, 1, 1]);
      expect(letters.map(({ item, attempts }) => [item, attempts])).toEqual([[3, 1]]);
      expect(told.filter((word) => word.startsWith("done")).join()).toMatch(
        /^done 1,done (3,4|4,done 3)$/,
      );
    },
  );

  it("fails by what nobody takes, and gets all that is out", async () => {
    const back: string[] = [];
    const options = takingBack(back, () => false);
    const { told, run } = lend([1, 2, 3, 4, 5], { load: refusing(2) }, options, {
      retry: { load: { maxAttempts: 2, baseDelay: 1 } },
    });
    const error = await errorOf(run) as PipelineError;
    expect(error.errors.map((each) => (each as Error).message)).toEqual(["not 2"]);
    expect(error.stage).toBe("load");
    expect(back).toEqual(["2: not 2"]);
    expect(told).toEqual(["done 1", "released 3,4,5,2", "closed", "finalize"]);
    expect(error.report).toMatchObject({ loaded: 1, returned: 0 });
  });

  it("counts attempts on from those of the broker", async () => {
    const letters: DeadLetter[] = [];
    const seen: number[] = [];
    const { run } = lend([1, 2, 3], { load: refusing(2) }, { attemptsOf: (n) => n === 2 ? 3 : 1 }, {
      batchSize: 1,
      deadLetters: lettersInto(letters),
      retry: {
        load: {
          maxAttempts: 4,
          baseDelay: 1,
          isRetriable: (_, attempt) => (seen.push(attempt), true),
        },
      },
    });
    await reportOf(run);
    expect(seen).toEqual([3]);
    expect(letters.map(({ attempts }) => attempts)).toEqual([4]);
  });

  it("counts from 1 where the broker tells no number", async () => {
    const letters: DeadLetter[] = [];
    const { run } = lend([1], { transform: failingFor(1) }, { attemptsOf: () => NaN }, {
      deadLetters: lettersInto(letters),
    });
    await reportOf(run);
    expect(letters[0]?.attempts).toBe(1);
  });

  it.each([
    ["takes it back", "returned", { returned: 1, deadLettered: 0 }],
    ["takes it not", undefined, { returned: 0, deadLettered: 1 }],
  ])("is asked about an item that could not be read: %s", async (_, answer, counts) => {
    const letters: DeadLetter[] = [];
    const bad = malformed(7, new Error("cut off")) as unknown as number;
    const back: unknown[] = [];
    const { told, run } = lend(chunks([[1, bad, 3]]), {}, {
      reject(items, error) {
        back.push(...items, (error as Error).message);
        return answer;
      },
    }, { batchSize: 3, deadLetters: lettersInto(letters) });
    expect(await reportOf(run)).toMatchObject({ ...counts, loaded: 2 });
    expect(back).toEqual([7, "cut off"]);
    expect(told[0]).toBe(answer === "returned" ? "done 1,3" : "done 1,7,3");
    expect(told).toHaveLength(3);
  });

  it("fails in extract by an item that could not be read and nobody takes", async () => {
    const bad = malformed(7, new Error("cut off")) as unknown as number;
    const { told, run } = lend(chunks([[1, bad, 3], [4, 5]]), {}, { reject: () => {} });
    const error = await errorOf(run) as PipelineError;
    expect([error.stage, (error.cause as Error).message]).toEqual(["extract", "cut off"]);
    expect(told.slice(-3)).toEqual(["released 1,3,4,5,7", "closed", "finalize"]);
  });

  it("leaves out what it has taken back where the rest is one whole", async () => {
    const bad = malformed(7, new Error("cut off")) as unknown as number;
    const members: Members = { transformBatch: (items) => wholeBatch([`${items}`]) };
    const { told, run } = lend(chunks([[1, bad, 3]]), members, takingBack([]), { batchSize: 3 });
    expect(await reportOf(run)).toMatchObject({ loaded: 2, returned: 1 });
    expect(told[0]).toBe("done 1,3");
  });

  it("tells the places of the items, in messages of their own", async () => {
    const places: unknown[] = [];
    const { run } = lend([5, 6, 7, 8], { load: refusing(6) }, {
      acknowledge: (items, { ranges, signal }) =>
        void places.push([...items], ranges, signal.aborted),
      reject: (
        [item],
        _,
        { ranges, pipeline },
      ) => (places.push(item, ranges, pipeline), "returned"),
    });
    await reportOf(run);
    expect(places).toEqual([
      ...[[5], [[0, 1]], false],
      ...[6, [[1, 2]], "numbers"],
      ...[[7, 8], [[2, 4]], false],
    ]);
  });

  it("may lend equal items, each of which is told of", async () => {
    const load = (rows: unknown[]) => {
      if (rows.length === 2) throw new Error("full");
    };
    const { told, run } = lend(chunks([[7, 7, 7]]), { load }, {}, { batchSize: 1, workers: 1 });
    await reportOf(run);
    expect(told).toEqual(["done 7", "done 7", "done 7", "closed", "finalize"]);
    const failing = lend(chunks([[7, 7, 7]]), { load }, {}, { batchSize: 2 });
    await reportOf(failing.run);
    expect(failing.told[0]).toBe("released 7,7,7");
  });

  it("fails where it cannot be told, and is not told again", async () => {
    const { told, run } = lend([1, 2, 3], {}, {
      acknowledge: () => Promise.reject(new Error("gone")),
    });
    const error = await errorOf(run) as PipelineError;
    expect([error.stage, (error.cause as Error).message]).toEqual(["checkpoints", "gone"]);
    expect(told).toEqual(["released 3", "closed", "finalize"]);
  });

  it("fails where it cannot be asked, and gets the item back", async () => {
    const reject = () => Promise.reject(new Error("gone"));
    const { told, run } = lend([1, 2, 3], { transform: failingFor(2) }, { reject });
    const error = await errorOf(run) as PipelineError;
    expect(error.errors.map((each) => (each as Error).message)).toEqual(["gone", "not 2"]);
    expect(told).toContain("released 1,3,2");
  });
});
