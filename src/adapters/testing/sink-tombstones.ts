import {
  claimedKey,
  type DefineSinkTest,
  expectFailure,
  expectMark,
  expectRows,
  load,
  rowOf,
  rowsOf,
  type SinkRow,
} from "./tested-sink.ts";

/** Defines the tests of what deletes a row, in place of a row. */
export function testTombstones(define: DefineSinkTest, tombstone: (id: number) => object): void {
  const gone = (id: number) => tombstone(id) as SinkRow;

  define("deletes the row of a tombstone, in one commit with rows and mark", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { rows: rowsOf(1, 2) });
    await load(sink, { key, rows: [gone(1), rowOf(3)] });
    await expectRows(sink, 2, 3);
    await expectMark(sink, key, { offset: 2 });
    await load(sink, { rows: [gone(2), gone(3)] });
    await expectRows(sink);
  });

  define("deletes nothing if a row of its batch is refused", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { rows: rowsOf(1, 2) });
    await expectFailure("load", load(sink, { key, rows: [gone(1), rowOf(2)] }));
    await expectRows(sink, 1, 2);
    await expectMark(sink, key, { offset: 0 });
  });

  define("takes a tombstone whose row is not there", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: [gone(1), rowOf(2), gone(3)] });
    await expectRows(sink, 2);
    await expectMark(sink, key, { offset: 3 });
  });

  define("keeps the order of the rows and tombstones of a batch", async (sink) => {
    await load(sink, { rows: rowsOf(1, 2) });
    await load(sink, { rows: [gone(1), rowOf(1), rowOf(3), gone(3), gone(2)] });
    await expectRows(sink, 1);
  });
}
