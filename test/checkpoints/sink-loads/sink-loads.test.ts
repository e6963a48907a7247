import { describe, expect, it } from "vitest";
import { type SinkLoadContext, sinkLoads } from "../../../src/adapters/checkpoint.ts";
import {
  ConfigurationError,
  etl,
  type LoadContext,
  MemoryCheckpointStore,
  type Pipeline,
} from "../../../src/index.ts";

type Row = { readonly id: number };
type Load = Pipeline<Row>["load"];

/** A sink in memory, which tells with each commit whether a mark was part of it. */
function memorySink(store = new MemoryCheckpointStore()) {
  const commits: [ids: number[], isMarked: boolean][] = [];
  const { load, wrap } = sinkLoads(store, async (rows, { batch }, isMarked) => {
    await undefined;
    const ids = (rows as Row[]).map(({ id }) => id);
    if (ids.includes(-1)) throw new Error("No such row");
    return async () => {
      await undefined;
      const commit: typeof commits[number] = [ids, batch.key !== undefined && isMarked];
      commits.push(commit);
      return () => void (commit[1] = false);
    };
  });
  return { load, wrap, commits, store };
}

const refusal =
  /Cannot load rows as 'load' must be a function that uses one sink, .*'tables' or 'write'.*own pipeline/;
const rows: Row[] = [{ id: 1 }, { id: 2 }, { id: 3 }];

/** Runs three rows in batches of two, with the checkpoints of a sink. */
async function run(load: Load, checkpoints: MemoryCheckpointStore | undefined, more = {}) {
  const report = await etl<Row, Row>({ name: "rows", extract: () => rows, load })
    .run({ batchSize: 2, checkpoints, ...more })
    .catch((error) => error as Error & { cause?: unknown });
  return report;
}

describe("two sinks in one load", () => {
  const ways: [string, (a: Load, b: Load) => Load][] = [
    ["one after the other", (a, b) => async (rows, context) => {
      await a(rows, context);
      await b(rows, context);
    }],
    ["side by side", (a, b) => async (rows, context) => {
      await Promise.all([a(rows, context), b(rows, context)]);
    }],
    ["by copies of the context", (a, b) => async (rows, context) => {
      await a(rows, { ...context });
      await b(rows, { ...context, batch: { ...context.batch } });
    }],
    ["with the refusal swallowed", (a, b) => async (rows, context) => {
      await a(rows, context);
      await Promise.resolve(b(rows, context)).catch(() => {});
    }],
    ["with nobody waiting", (a, b) => async (rows, context) => {
      const first = a(rows, context);
      Promise.resolve().then(() => b(rows, context)).catch(() => {});
      await first;
      await new Promise((resolve) => setTimeout(resolve));
    }],
  ];
  const users = ["two sinks", "one sink twice"] as const;
  const kinds = ["undeclared", "linked by hand", "wrapped"] as const;
  const cases = ways.flatMap(([way, make]) =>
    users.flatMap((user) => kinds.map((kind) => [kind, user, way, make] as const))
  );

  it.each(cases)("are rejected, and no mark is committed: %s, %s, %s", async (...given) => {
    const [kind, user, , make] = given;
    const [one, other] = [memorySink(), memorySink()];
    const second = (user === "two sinks" ? other : one).load as Load;
    const asLoad = (load: unknown): Load => async (rows, context) => {
      await (load as Load)(rows, context); // A sink that throws at once is as one that rejects.
    };
    const pair = make(asLoad(one.load), asLoad(second));
    const load: Load = {
      undeclared: pair,
      "linked by hand": Object.assign(pair, one.load),
      wrapped: one.wrap((rows: Row[], context: LoadContext, load) =>
        make(asLoad(load), asLoad(second))(rows, context)
      ),
    }[kind] as Load;
    const error = await run(load, one.store) as Error;
    expect(error.cause).toBeInstanceOf(ConfigurationError);
    expect((error.cause as Error).message).toMatch(refusal);
    expect([...one.commits, ...other.commits].filter(([, isMarked]) => isMarked)).toEqual([]);
    expect(one.store.read("rows")?.offset ?? 0).toBe(0);
    if (kind === "wrapped") expect([...one.commits, ...other.commits]).toEqual([]);
  });

  it("are allowed without checkpoints", async () => {
    const [one, other] = [memorySink(), memorySink()];
    await run(async (rows, context) => {
      await Promise.all([one.load(rows, context), other.load(rows, context)]);
    }, undefined);
    expect(one.commits).toEqual([[[1, 2], false], [[3], false]]);
    expect(other.commits).toEqual(one.commits);
  });

  it("are rejected if the context was made by hand", async () => {
    const [one, other] = [memorySink(), memorySink()];
    const batch = { attempt: 1, key: "k", ranges: [[0, 3]] as const };
    const context: SinkLoadContext = { runId: "one", batch };
    await one.load(rows, context);
    expect(() => other.load(rows, context)).toThrow(refusal);
    expect(() => one.load(rows, { ...context })).toThrow(refusal);
    expect(one.commits).toEqual([[[1, 2, 3], true]]);
  });

  it("are allowed if the first has failed", async () => {
    const [one, other] = [memorySink(), memorySink()];
    const load: Load = async (rows, context) => {
      await Promise.resolve(one.load([{ id: -1 }], context)).catch(() => {});
      await other.load(rows, context);
    };
    await run(load, one.store);
    expect(other.commits).toEqual([[[1, 2], false], [[3], false]]);
  });
});

describe("a load function that calls a sink", () => {
  const around = (load: unknown): Load => async (rows, context) => {
    await (load as Load)(rows, context);
  };

  it.each([
    ["itself", (sink: ReturnType<typeof memorySink>) => sink.load as Load, true],
    ["in a function", ({ load }) => around(load), false],
    ["bound", ({ load }) => load.bind(null) as Load, false],
    [
      "as a method",
      ({ load }) => ({ load: (...args: Parameters<Load>) => load(...args) }).load,
      false,
    ],
    ["linked by hand", ({ load }) => Object.assign(around(load), load), true],
    [
      "wrapped",
      ({ wrap }) => wrap((rows: Row[], _: LoadContext, load) => load(rows)) as Load,
      true,
    ],
  ] as [string, (sink: ReturnType<typeof memorySink>) => Load, boolean][])(
    "that %s commits the mark with its rows if it declares so",
    async (_, loadOf, isMarked) => {
      const sink = memorySink();
      const report = await run(loadOf(sink), sink.store);
      const guarantee = isMarked ? "effectively-once" : "at-least-once";
      expect(report).toMatchObject({ outcome: "completed", loaded: 3, guarantee });
      expect(sink.commits).toEqual([[[1, 2], isMarked], [[3], isMarked]]);
      const words = /pass 'sink.load' itself or 'sink.wrap\(…\)'/;
      const asked = run(loadOf(memorySink()), sink.store, { guarantee: "effectively-once" });
      if (!isMarked) expect((await asked as Error).message).toMatch(words);
    },
  );
});

describe("sink.wrap()", () => {
  it("commits the rows and the mark once its function has returned", async () => {
    const sink = memorySink();
    const seen: unknown[] = [];
    const load = sink.wrap(async (rows: Row[], _: LoadContext, load) => {
      await load(rows.map(({ id }) => ({ id: id * 10 })));
      await undefined;
      seen.push([...sink.commits]);
    });
    await run(load as Load, sink.store);
    expect(seen).toEqual([[], [[[10, 20], true]]]);
    expect(sink.commits).toEqual([[[10, 20], true], [[30], true]]);
  });

  it.each(["at once", "later"])("writes nothing if its function fails %s", async (when) => {
    const sink = memorySink();
    const load = sink.wrap((rows: Row[], _: LoadContext, load) => {
      const staged = load(rows);
      if (when === "at once") throw new Error("no");
      return Promise.resolve(staged).then(() => Promise.reject(new Error("no")));
    });
    expect(await run(load as Load, sink.store)).toMatchObject({ cause: new Error("no") });
    expect(sink.commits).toEqual([]);
    expect(sink.store.read("rows")?.offset ?? 0).toBe(0);
  });

  it("marks the items if its function returns no rows", async () => {
    const sink = memorySink();
    const report = await run(sink.wrap(() => {}) as Load, sink.store);
    expect(report).toMatchObject({ outcome: "completed", loaded: 3 });
    expect(sink.commits).toEqual([[[], true], [[], true]]);
  });

  it("fails with the error of its rows although its function caught it", async () => {
    const sink = memorySink();
    const load = sink.wrap(async (_rows: Row[], _: LoadContext, load) => {
      await Promise.resolve(load([{ id: -1 }])).catch(() => {});
    });
    expect(await run(load as Load, sink.store)).toMatchObject({ cause: new Error("No such row") });
    expect(sink.commits).toEqual([]);
  });

  it("accepts other rows in place of the rejected ones", async () => {
    const sink = memorySink();
    const load = sink.wrap(async (rows: Row[], _: LoadContext, load) => {
      await Promise.resolve(load([{ id: -1 }])).catch(() => load(rows));
    });
    await run(load as Load, sink.store);
    expect(sink.commits).toEqual([[[1, 2], true], [[3], true]]);
  });

  it.each([true, false])("accepts rows only once, checkpoints: %s", async (hasCheckpoints) => {
    const sink = memorySink();
    const load = sink.wrap(async (rows: Row[], _: LoadContext, load) => {
      await load(rows);
      await load(rows);
    });
    const error = await run(load as Load, hasCheckpoints ? sink.store : undefined) as Error;
    expect((error.cause as Error).message).toMatch(refusal);
    expect(sink.commits).toEqual([]);
  });

  it("throws if it is not given a function", () => {
    expect(() => Reflect.apply(memorySink().wrap, undefined, [5])).toThrow(
      new ConfigurationError("Cannot wrap a load as 'fn' must be a function: current value is 5"),
    );
  });

  it("writes nothing once its signal has aborted", async () => {
    const sink = memorySink();
    const controller = new AbortController();
    const { signal } = controller;
    const context = {
      runId: "one",
      signal,
      batch: { attempt: 1, key: "k", ranges: [[0, 1]] as const },
    };
    const load = sink.wrap(async (rows: Row[], _: LoadContext, load) => {
      await load(rows);
      controller.abort(new Error("stop"));
    });
    await expect(load(rows, context)).rejects.toThrow("stop");
    expect(() => sink.load(rows, context)).toThrow("stop");
    expect(sink.commits).toEqual([]);
  });
});
