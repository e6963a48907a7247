import { etl } from "../../etl/etl.ts";
import { expectSame } from "./expectations.ts";
import { newKey } from "./new-key.ts";
import { claimedKey, expectFailure, expectMark, load, rowOf } from "./tested-sink.ts";
import {
  expectTrees,
  type SinkTree,
  type TestedTables,
  type TestedTablesSettings,
  treeOf,
} from "./tested-tables.ts";

/** Defines a test that is given a sink of two tables. */
type Define = (
  name: string,
  settings: TestedTablesSettings,
  test: (sink: TestedTables) => Promise<void>,
) => unknown;

const plain: TestedTablesSettings = { conflict: "error", missing: undefined };
const replacing: TestedTablesSettings = { conflict: "replace", missing: "delete" };

/** Defines the tests of several tables in one commit. */
export function testTables(define: Define, tombstone?: (id: number) => object): void {
  testTreeCommits(define);
  testTreeItems(define);
  testMissing(define);
  if (tombstone === undefined) return;
  define(
    "deletes what belongs to the row of a tombstone, and nothing else",
    plain,
    async (sink) => {
      const key = await claimedKey(sink);
      await load(sink, { rows: [treeOf(1, 1, 2), treeOf(2, 3)] });
      await load(sink, { key, rows: [{ parent: tombstone(1) }, treeOf(3)] });
      await expectTrees(sink, { 2: [3], 3: [] });
      await expectMark(sink, key, { offset: 2 });
    },
  );
}

function testTreeCommits(define: Define): void {
  define("commits the rows of all tables and the mark together", plain, async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: [treeOf(1, 1, 2), treeOf(2), treeOf(3, 3)] });
    await expectTrees(sink, { 1: [1, 2], 2: [], 3: [3] });
    await expectMark(sink, key, { offset: 3 });
  });

  define("commits no row of any table if the last one refuses its own", plain, async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: [treeOf(1, 1)] });
    const ranges = [[1, 3]] as const;
    const refused = load(sink, { key, rows: [treeOf(2, 2), treeOf(3, 1)], ranges });
    await expectFailure("load", refused);
    await expectTrees(sink, { 1: [1] });
    await expectMark(sink, key, { offset: 1 });
    await load(sink, { key, rows: [treeOf(2, 2), treeOf(3, 3)], ranges, attempt: 2 });
    await expectTrees(sink, { 1: [1], 2: [2], 3: [3] });
  });

  define("writes no table twice", plain, async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: [treeOf(1, 1)] });
    // Rows that the tables would take tell a load that writes from one that does not.
    await load(sink, { key, rows: [treeOf(2, 2)], attempt: 2 });
    await expectTrees(sink, { 1: [1] });
    await expectMark(sink, key, { offset: 1 });
  });
}

function testTreeItems(define: Define): void {
  define(
    "writes parents before children, in whatever order they are given",
    plain,
    async (sink) => {
      const child = { ...rowOf(5), parent_id: 1 };
      await load(sink, { rows: [{ child: [child], parent: rowOf(1) }] });
      await expectTrees(sink, { 1: [5] });
    },
  );

  define("writes children that say which of several parents is theirs", plain, async (sink) => {
    const child = [{ ...rowOf(5), parent_id: 2 }, { ...rowOf(6), parent_id: 1 }];
    await load(sink, { rows: [{ parent: [rowOf(1), rowOf(2)], child }] });
    await load(sink, { rows: [{ child: { ...rowOf(7), parent_id: 2 } }] });
    await expectTrees(sink, { 1: [6], 2: [5, 7] });
  });

  define("gives up on an item with all of its rows, and on no other", plain, async (sink) => {
    const name = newKey();
    await load(sink, { rows: [treeOf(9, 20)] });
    const letters: unknown[] = [];
    const deadLetters = new WritableStream<{ item: number }>({
      write: ({ item }) => void letters.push(item),
    });
    const { load: loading, checkpoints } = sink;
    const trees: SinkTree[] = [treeOf(1, 11, 12), treeOf(2, 21, 20, 22), treeOf(3, 31)];
    await etl<number, SinkTree>({
      name,
      extract: () => [0, 1, 2],
      transform: (place) => trees[place]!,
      load: loading,
    }).run({ batchSize: 3, checkpoints, deadLetters });
    expectSame("dead letters", letters, [1]);
    await expectTrees(sink, { 1: [11, 12], 3: [31], 9: [20] });
    await expectMark(sink, name, { offset: 3 });
  });
}

function testMissing(define: Define): void {
  define(
    "removes the children of a parent that are missing, and no others",
    replacing,
    async (sink) => {
      const key = await claimedKey(sink);
      await load(sink, { key, rows: [treeOf(1, 1, 2), treeOf(2, 3), treeOf(3, 4)] });
      await load(sink, { key, rows: [treeOf(1, 2, 5), treeOf(3)], ranges: [[3, 5]] });
      await expectTrees(sink, { 1: [2, 5], 2: [3], 3: [] });
      await expectMark(sink, key, { offset: 5 });
    },
  );

  define("removes no child if a row of its batch is refused", replacing, async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: [treeOf(1, 1, 2)] });
    const child = { ...rowOf(3), name: null };
    const rows = [treeOf(1, 1), { parent: rowOf(2), child }];
    await expectFailure("load", load(sink, { key, rows, ranges: [[1, 3]] }));
    await expectTrees(sink, { 1: [1, 2] });
    await expectMark(sink, key, { offset: 1 });
  });
}
