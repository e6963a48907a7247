import { expect, it } from "vitest";
import { FencedError } from "../../../../src/errors.ts";
import { commitsTo } from "../../../../src/checkpoints/checkpoint.ts";
import { type Bench, contextOf } from "../../../support/postgres/cases.ts";
import { hasState } from "../../../support/postgres/sql-state.ts";

/** Defines the tests of loads that are marked in the transaction of their rows. */
export function testPostgresMarks({ create, all, sink, tested }: Bench): void {
  const setUp = async (key: string, runId = "run") => {
    const table = await create("id int, v text");
    const made = sink({ table, columns: ["id", "v"] });
    await made.checkpoints.claim(key, { runId, until: 2000 }, 1000);
    return { ...made, table };
  };
  const rowsOf = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => ({ id: from + n, v: "x" }));

  it("marks what eight workers load, in any order, each row once", async () => {
    const { load, checkpoints, table } = await setUp("eight");
    const batches = Array.from({ length: 40 }, (_, n) => [n * 5, n * 5 + 5] as const);
    let next = 0;
    const work = async () => {
      while (next < batches.length) {
        const [from, to] = batches[(next++ * 7) % 40]!; // 7 and 40 share no divisor: each once.
        await load(rowsOf(from, to), contextOf("eight", [[from, to, `at ${to}`]]));
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect((await all(table)).map(({ id }) => id)).toEqual(rowsOf(0, 200).map(({ id }) => id));
    const checkpoint = await checkpoints.read("eight");
    expect(checkpoint).toMatchObject({ offset: 200, done: [], position: "at 200", runId: "run" });
  });

  it("loads overlapping keys from eight workers without a deadlock", async () => {
    const table = await create("id int primary key, v text");
    const { load, checkpoints } = sink({ table, columns: ["id", "v"], conflict: "replace" });
    await checkpoints.claim("overlap", { runId: "run", until: 2000 }, 1000);
    const rows = rowsOf(0, 50);
    await Promise.all(Array.from({ length: 8 }, (_, n) => {
      const own = n % 2 === 0 ? rows : rows.toReversed();
      return load(own, contextOf("overlap", [[n * 50, n * 50 + 50]]));
    }));
    expect(await all(table)).toHaveLength(50);
    expect(await checkpoints.read("overlap")).toMatchObject({ offset: 400 });
  });

  it("keeps the ranges above a gap", async () => {
    const { load, checkpoints } = await setUp("gap");
    await load(rowsOf(0, 2), contextOf("gap", [[4, 6, "b"]]));
    await load(rowsOf(0, 2), contextOf("gap", [[0, 2, "a"], [8, 9]]));
    const checkpoint = await checkpoints.read("gap");
    expect(checkpoint).toMatchObject({ offset: 2, position: "a", done: [[4, 6, "b"], [8, 9]] });
  });

  it.each([1, 2])("loads nothing twice, on attempt %i", async (attempt) => {
    const key = `twice ${attempt}`;
    const { load, table } = await setUp(key);
    await load(rowsOf(0, 3), contextOf(key, [[0, 3]]));
    await load(rowsOf(0, 3), contextOf(key, [[0, 3]], { attempt }));
    await load(rowsOf(1, 2), contextOf(key, [[1, 2]], { attempt }));
    expect(await all(table)).toHaveLength(3);
  });

  it("succeeds where the rows meet themselves, as an earlier attempt has committed", async () => {
    const { load, table } = await setUp("itself");
    await tested().run(`alter table ${table} add primary key (id)`);
    await load(rowsOf(0, 3), contextOf("itself", [[0, 3]]));
    await load(rowsOf(0, 3), contextOf("itself", [[0, 3]]));
    const loading = load(rowsOf(0, 3), contextOf("itself", [[3, 6]]));
    await expect(loading).rejects.toSatisfy(hasState("23505"));
  });

  it.each(["another", undefined])("fences a run if %s owns the key", async (owner) => {
    const key = `fence ${owner}`;
    const { load, table, checkpoints } = await setUp(key);
    await checkpoints.release(key, "run");
    if (owner) await checkpoints.claim(key, { runId: owner, until: 2000 }, 1000);
    const loading = load(rowsOf(0, 3), contextOf(key, [[0, 3]]));
    await expect(loading).rejects.toEqual(new FencedError(key, owner));
    await expect(loading).rejects.toMatchObject({ key, owner });
    expect(await all(table)).toEqual([]);
    expect(await checkpoints.read(key)).toBeUndefined();
  });

  it("fences a run that has its key back after another one has finished something", async () => {
    const { load, table, checkpoints } = await setUp("back");
    const other = sink({ table, columns: ["id", "v"] });
    await other.checkpoints.claim("back", { runId: "other", until: 3000 }, 2000);
    await other.load(rowsOf(0, 1), contextOf("back", [[0, 1]], { runId: "other" }));
    await other.checkpoints.release("back", "other");
    await checkpoints.claim("back", { runId: "run", until: 4000 }, 3000);
    const fenced = new FencedError("back", "other");
    await expect(load(rowsOf(4, 5), contextOf("back", [[4, 5]]))).rejects.toEqual(fenced);
    await expect(load(rowsOf(0, 2), contextOf("back", [[0, 2]]))).rejects.toEqual(fenced);
    expect(await all(table)).toHaveLength(1);
  });

  it("allows an unreadable checkpoint to be repaired by hand", async () => {
    const { checkpoints } = await setUp("repaired");
    await checkpoints.write("repaired", { offset: 1, done: [], updatedAt: 1, runId: "run" });
    await checkpoints.release("repaired", "run");
    const sql = "update millrace_checkpoint set checkpoint = 'broken' where key = 'repaired'";
    await tested().run(sql);
    const good = { offset: 2, done: [], updatedAt: 1 };
    await expect(checkpoints.write("repaired", { ...good, runId: "next" })).rejects.toThrow("JSON");
    await checkpoints.write("repaired", good);
    expect(await checkpoints.read("repaired")).toEqual(good);
  });

  it("marks nothing if the rows are rejected", async () => {
    const { load, checkpoints } = await setUp("refused");
    await expect(load([{ id: 1.5, v: "" }], contextOf("refused", [[0, 1]]))).rejects.toThrow();
    expect(await checkpoints.read("refused")).toBeUndefined();
  });

  it("keeps the marks of loads if the run writes an older checkpoint", async () => {
    const { load, checkpoints } = await setUp("behind");
    await load(rowsOf(0, 3), contextOf("behind", [[5, 8]]));
    await checkpoints.write("behind", { offset: 2, done: [], updatedAt: 1, runId: "run" });
    expect(await checkpoints.read("behind")).toMatchObject({ offset: 2, done: [[5, 8]] });
    await checkpoints.write("behind", { offset: 5, done: [], updatedAt: 1, runId: "run" });
    expect(await checkpoints.read("behind")).toMatchObject({ offset: 8, done: [] });
  });

  it("sends no query for a checkpoint without news", async () => {
    const { load, checkpoints } = await setUp("news");
    await load(rowsOf(0, 3), contextOf("news", [[0, 3]]));
    await tested().run(`update millrace_checkpoint set checkpoint = 'broken' where key = 'news'`);
    await checkpoints.write("news", { offset: 3, done: [], updatedAt: 1, runId: "run" });
    await expect(checkpoints.read("news")).rejects.toThrow("it is not JSON");
  });

  it("declares which store the marks of its loads go to", async () => {
    const { load, checkpoints } = await setUp("linked");
    expect(load[commitsTo]).toBe(checkpoints);
  });

  it("creates its tables once, however many ask at the same time", async () => {
    await tested().run("create schema if not exists crowd");
    await tested().run("create table if not exists crowd.t (id int)");
    const sinks = Array.from(
      { length: 8 },
      () => sink({ table: "t", schema: "crowd", columns: ["id"] }),
    );
    const reads = sinks.map(({ checkpoints }) => checkpoints.read("k"));
    expect(await Promise.all(reads)).toEqual(Array(8).fill(undefined));
    await tested().run("drop schema crowd cascade");
  });
}
