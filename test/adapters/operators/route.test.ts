import { describe, expect, it } from "vitest";
import {
  BatchError,
  type DeadLetter,
  describeGuarantee,
  etl,
  type LoadContext,
  MemoryCheckpointStore,
  PipelineError,
  type RunOptions,
  SplitError,
} from "../../../src/index.ts";
import { route } from "../../../src/adapters/operators.ts";
import { sinkLoads } from "../../../src/checkpoints/sink-loads.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";

const parity = (n: number) => n % 2 === 0 ? "even" : "odd";

/** A branch that keeps what it was given; its calls fail as `failing` says by throwing. */
function keeper(failing: (rows: number[], call: number) => void = () => {}) {
  const calls: number[][] = [];
  const rows: number[] = [];
  const load = async (given: number[]) => {
    calls.push(given.slice());
    await null;
    failing(given, calls.length);
    rows.push(...given.splice(0)); // It may empty its array.
  };
  return { calls, rows, load };
}

/** Collects dead letters. */
function letters<E>(): { list: DeadLetter<E>[]; stream: WritableStream<DeadLetter<E>> } {
  const list: DeadLetter<E>[] = [];
  return { list, stream: new WritableStream({ write: (letter) => void list.push(letter) }) };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

function run(
  load: (rows: number[], context: LoadContext) => unknown,
  options: RunOptions<number> = {},
  items: readonly number[] = numbers(8),
) {
  return etl({ name: "numbers", extract: () => items, load }).run({ batchSize: 4, ...options });
}

describe("route", () => {
  it("gives each row to the branch that is named for it, and counts", async () => {
    const [even, odd] = [keeper(), keeper()];
    const report = await run(route(parity, { even: even.load, odd: odd.load }));
    expect(even.calls).toEqual([[0, 2], [4, 6]]);
    expect(odd.calls).toEqual([[1, 3], [5, 7]]);
    expect(report.branches).toEqual({
      even: { given: 4, loaded: 4 },
      odd: { given: 4, loaded: 4 },
    });
    expect(report).toMatchObject({ loaded: 8, rows: 8, batches: 2 });
  });

  it("does not call a branch without rows", async () => {
    const [even, odd] = [keeper(), keeper()];
    await run(route(parity, { even: even.load, odd: odd.load }), {}, [1, 3]);
    expect(even.calls).toEqual([]);
  });

  it("loads at once, where all branches do", () => {
    const list: number[] = [];
    const load = route(parity, {
      even: (rows: number[]) => void list.push(...rows),
      odd: (rows: number[]) => void list.push(...rows),
    });
    const batch = { sequence: 0, offset: 0, size: 3, attempt: 1 };
    expect(load([1, 2, 3], { batch } as LoadContext)).toBe(undefined);
    expect(list).toEqual([1, 3, 2]);
  });

  it("tries again the branch that has failed, and no other one", async () => {
    const even = keeper();
    const odd = keeper((_, call) => {
      if (call < 3) throw new Error("away");
    });
    const report = await run(route(parity, { even: even.load, odd: odd.load }), {
      retry: { maxAttempts: 3, baseDelay: 0 },
    });
    expect(even.calls).toEqual([[0, 2], [4, 6]]);
    expect(odd.calls).toEqual([[1, 3], [1, 3], [1, 3], [5, 7]]);
    expect(report.branches).toEqual({
      even: { given: 4, loaded: 4 },
      odd: { given: 4, loaded: 4, retries: 2 },
    });
  });

  it("writes letters that name their branch, of its own rows alone", async () => {
    const even = keeper();
    const odd = keeper((rows) => {
      if (rows.includes(5)) throw new Error("no fives");
    });
    const { list, stream } = letters<number>();
    const report = await run(route(parity, { even: even.load, odd: odd.load }), {
      deadLetters: stream,
    });
    expect(even.rows).toEqual([0, 2, 4, 6]);
    expect(odd.rows).toEqual([1, 3, 7]);
    expect(list).toMatchObject([{ item: 5, branches: ["odd"], error: { message: "no fives" } }]);
    expect(report).toMatchObject({ loaded: 7, deadLettered: 1 });
    expect(report.branches).toMatchObject({
      even: { given: 4, loaded: 4 },
      odd: { given: 4, loaded: 3, deadLettered: 1 },
    });
  });

  it("gives up on the rows of one branch alone, where a batch is not halved", async () => {
    const even = keeper();
    const odd = keeper(() => {
      throw new Error("gone");
    });
    const { list, stream } = letters<number>();
    const report = await run(route(parity, { even: even.load, odd: odd.load }), {
      deadLetters: stream,
      isolate: "none",
    });
    expect(even.calls).toEqual([[0, 2], [4, 6]]);
    expect(list.map(({ item }) => item)).toEqual([1, 3, 5, 7]);
    expect(report).toMatchObject({ loaded: 4, deadLettered: 4 });
  });

  it("gives up on the rows of a branch that takes too long", async () => {
    const even = keeper();
    const odd = (_: number[], { signal }: LoadContext) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const { list, stream } = letters<number>();
    const report = await run(route(parity, { even: even.load, odd }), {
      deadLetters: stream,
      retry: { maxAttempts: 2, baseDelay: 0, attemptTimeout: 5 },
    }, [0, 1, 2, 3]);
    expect(even.calls).toEqual([[0, 2]]);
    expect(list.map(({ item, branches }) => [item, branches])).toEqual([
      [1, ["odd"]],
      [3, ["odd"]],
    ]);
    expect(report).toMatchObject({ loaded: 2, deadLettered: 2 });
  });

  it("gives up on what a branch names, by its place in the batch", async () => {
    const even = keeper((rows) => {
      const bad = rows.indexOf(6);
      if (bad >= 0) throw new BatchError(new Map([[bad, new Error("no sixes")]]));
    });
    const odd = keeper((rows) => {
      const bad = rows.indexOf(5);
      if (bad >= 0) throw new BatchError(new Map([[bad, new Error("no fives")]]));
    });
    const { list, stream } = letters<number>();
    await run(route(parity, { even: even.load, odd: odd.load }), { deadLetters: stream });
    expect(even.calls).toEqual([[0, 2], [4, 6], [4]]);
    expect(odd.calls).toEqual([[1, 3], [5, 7], [7]]);
    expect(list.map(({ item, branches }) => [item, branches])).toEqual([
      [5, ["odd"]],
      [6, ["even"]],
    ]);
  });

  it("takes a name that is no row for an error like any other", async () => {
    const odd = keeper(() => {
      throw new BatchError(new Map([[2, new Error("which?")]])); // It would be row 2 of the batch.
    });
    const even = keeper();
    const { list, stream } = letters<number>();
    await run(route(parity, { even: even.load, odd: odd.load }), { deadLetters: stream });
    expect(even.rows).toEqual([0, 2, 4, 6]);
    expect(list.map(({ item }) => item)).toEqual([1, 3, 5, 7]);
  });

  it("halves a batch for the branch that it is too large for", async () => {
    const even = keeper();
    const odd = keeper((rows) => {
      if (rows.length > 1) throw new SplitError();
    });
    await run(route(parity, { even: even.load, odd: odd.load }));
    expect(even.calls).toEqual([[0, 2], [4, 6]]);
    expect(odd.rows).toEqual([1, 3, 5, 7]);
  });

  it("never gives a branch too few of equal rows", async () => {
    let calls = 0;
    const taken: number[] = [];
    const a = (rows: number[]) => {
      if (rows.length > 1) throw new Error("one at a time");
      taken.push(...rows);
    };
    const b = () => {
      if (++calls % 2 === 0) throw new Error("every other one");
    };
    const { list, stream } = letters<number>();
    await run(route((row) => row < 2 ? "a" : "b", { a, b }), { deadLetters: stream }, [
      1,
      1,
      1,
      1,
      3,
      3,
    ]);
    expect(taken.filter((row) => row === 1).length).toBeGreaterThanOrEqual(4);
    expect(list.every(({ item }) => item === 3)).toBe(true);
  });

  it("fails the row whose name is no branch, and says which there are", async () => {
    const even = keeper();
    const { list, stream } = letters<number>();
    const load = route((n: number) => n === 2 ? "two" as "even" : "even", { even: even.load });
    await run(load, { deadLetters: stream }, [1, 2, 3]);
    expect(even.rows).toEqual([1, 3]);
    expect(list).toMatchObject([{
      item: 2,
      error: {
        message: `Cannot route row as 'nameOf(row)' must be "even": current value is "two"`,
      },
    }]);
    expect(list[0]).not.toHaveProperty("branches");
  });

  it("fails the row for which no name can be made", async () => {
    const even = keeper();
    const { list, stream } = letters<number>();
    const load = route((n: number) => {
      if (n === 2) throw new Error("no twos");
      return "even";
    }, { even: even.load });
    await run(load, { deadLetters: stream }, [1, 2, 3]);
    expect(list).toMatchObject([{ item: 2, error: { message: "no twos" } }]);
  });

  it("fails the run without dead letters, once all branches have settled", async () => {
    const slow = Promise.withResolvers<void>();
    let isOver = false;
    const even = async () => {
      await slow.promise;
      isOver = true;
    };
    const odd = () => {
      setTimeout(() => slow.resolve(), 1);
      throw new Error("no odds");
    };
    const error = await errorOf(run(route(parity, { even, odd })));
    expect(error).toBeInstanceOf(PipelineError);
    expect(isOver).toBe(true);
    expect((error as PipelineError).cause).toMatchObject({ message: "no odds" });
    expect((error as PipelineError).report?.branches).toEqual({
      odd: { given: 2 },
      even: { given: 2, loaded: 2 },
    });
  });
});

describe("the guarantee of a route", () => {
  const store = new MemoryCheckpointStore();
  const sink = () => sinkLoads(new MemoryCheckpointStore(), () => () => {});
  const pipeline = (load: (rows: number[], context: LoadContext) => unknown) => ({
    name: "numbers",
    extract: () => [1, 2],
    load,
  });

  it("is that of its weakest branch, which it names", () => {
    const load = route(parity, { even: () => {}, odd: () => {} });
    expect(describeGuarantee(pipeline(load), { checkpoints: store })).toEqual({
      guarantee: "at-least-once",
      reason: "items loaded after the last checkpoint are loaded again: " +
        'branch "even" (and "odd") does not commit its rows together with the checkpoint',
    });
  });

  it("names the branches beside the one whose sink commits the mark", () => {
    const checkpoints = new MemoryCheckpointStore();
    const { load: table } = sinkLoads(checkpoints, () => () => {});
    const load = route(parity, { even: table, odd: () => {} });
    expect(describeGuarantee(pipeline(load), { checkpoints }).reason).toContain(
      'branch "odd" does',
    );
    const alone = route(() => "all" as const, { all: table });
    expect(describeGuarantee(pipeline(alone), { checkpoints }).guarantee).toBe("effectively-once");
  });

  it("is refused where it is to be better than it can be", () => {
    const load = route(parity, { even: sink().load, odd: sink().load });
    const options = { checkpoints: store, guarantee: "effectively-once" } as const;
    expect(() => etl(pipeline(load), options)).toThrow("by 'tables' of one sink");
  });

  it("is not pretended by two loads of one sink", () => {
    const { load, wrap } = sink();
    const rewritten = wrap((rows: never[], _context: never, load) => load(rows));
    expect(() => route(parity, { even: load, odd: rewritten })).toThrow(
      "Cannot construct route as 'branches.odd' must be the load of a different sink than " +
        `"even" (write several tables with 'tables' or 'write' of one sink, in one commit): ` +
        "current value is a function",
    );
  });
});
