import { commitsTo, covers, type DoneRange } from "../../checkpoints/checkpoint.ts";
import { etl } from "../../etl/etl.ts";
import { skip } from "../../streams/skip.ts";
import { expectError, expectSame } from "./expectations.ts";
import { newKey } from "./new-key.ts";
import {
  claim,
  claimedAt,
  claimedKey,
  type DefineSinkTest,
  expectFailure,
  expectMark,
  expectRows,
  load,
  rowsOf,
  type SinkRow,
  type TestedSink,
} from "./tested-sink.ts";

/** Defines the tests of what a sink commits together with its rows. */
export function testMarks(define: DefineSinkTest): void {
  testCommits(define);
  testCounts(define);
  testRepeats(define);
  testFences(define);
}

function testCommits(define: DefineSinkTest): void {
  define("commits rows and mark together", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: rowsOf(1, 2), ranges: [[0, 2]] });
    await expectRows(sink, 1, 2);
    await expectMark(sink, key, { offset: 2 });
    await load(sink, { key, rows: rowsOf(3), ranges: [[2, 5]] });
    await expectMark(sink, key, { offset: 5 });
  });

  define("commits neither rows nor mark if a row is refused", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: rowsOf(5), ranges: [[0, 1]] });
    await expectFailure("load", load(sink, { key, rows: rowsOf(1, 5, 6), ranges: [[1, 4]] }));
    await expectRows(sink, 5);
    await expectMark(sink, key, { offset: 1 });
    await load(sink, { key, rows: rowsOf(1, 6), ranges: [[1, 4]], attempt: 2 });
    await expectRows(sink, 1, 5, 6);
    await expectMark(sink, key, { offset: 4 });
  });

  define("keeps what is finished out of order, with its positions", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: rowsOf(3), ranges: [[2, 3, "c"]] });
    await load(sink, { key, rows: rowsOf(5, 7), ranges: [[4, 5], [6, 7, { at: "g" }]] });
    const later: DoneRange[] = [[2, 3, "c"], [4, 5], [6, 7, { at: "g" }]];
    await expectMark(sink, key, { offset: 0, done: later });
    await load(sink, { key, rows: rowsOf(1, 2), ranges: [[0, 2, "b"]] });
    await expectMark(sink, key, { offset: 3, position: "c", done: later.slice(1) });
    await expectRows(sink, 1, 2, 3, 5, 7);
  });

  define("keeps what several loads at once have finished", async (sink) => {
    const key = await claimedKey(sink);
    const ids = Array.from({ length: 8 }, (_, id) => id);
    const loads = ids.map((id) => load(sink, { key, rows: rowsOf(id), ranges: [[id, id + 1]] }));
    await Promise.all(loads);
    await expectRows(sink, ...ids);
    await expectMark(sink, key, { offset: 8 });
  });

  define("keeps the marks of keys apart", async (sink) => {
    const [key, other] = [await claimedKey(sink), await claimedKey(sink)];
    await load(sink, { key, rows: rowsOf(1, 2), ranges: [[0, 2]] });
    await load(sink, { key: other, rows: rowsOf(3), ranges: [[0, 1]] });
    await expectRows(sink, 1, 2, 3);
    await expectMark(sink, key, { offset: 2 });
    await expectMark(sink, other, { offset: 1 });
  });

  define("forgets nothing when a checkpoint is written that is behind", async (sink) => {
    const key = await claimedKey(sink);
    const old = { offset: 1, done: [], updatedAt: 1, runId: "one" };
    await load(sink, { key, rows: rowsOf(1, 2), ranges: [[0, 2]] });
    await sink.checkpoints.write(key, old);
    await expectMark(sink, key, { offset: 2 });
    await sink.checkpoints.write(key, { ...old, offset: 4 });
    await expectMark(sink, key, { offset: 4 });
  });
}

function testCounts(define: DefineSinkTest): void {
  define("commits what became of the items, beside what the run has written", async (sink) => {
    const key = await claimedKey(sink);
    const one = { loaded: 1, skipped: 0, deadLettered: 0 };
    await load(sink, { key, rows: rowsOf(3), ranges: [[2, 3]], counts: one });
    const counts = { loaded: 0, skipped: 2, deadLettered: 0 }; // Items that needed no load.
    const own = { offset: 2, done: [], counts, unmarked: counts, updatedAt: 1, runId: "one" };
    await sink.checkpoints.write(key, own);
    const more = { loaded: 1, skipped: 2, deadLettered: 1 };
    await load(sink, { key, rows: rowsOf(6), ranges: [[3, 7]], counts: more });
    const found = await sink.checkpoints.read(key);
    expectSame("counts", found?.counts, { loaded: 2, skipped: 4, deadLettered: 1 });
  });

  define("tells after a run that was stopped what became of all items", async (sink) => {
    const name = newKey();
    await expectFailure("the run", runWith(sink, name, 2));
    const { loaded, skipped, deadLettered, earlierCounts: before } = await runWith(sink, name);
    expectSame("items", {
      loaded: loaded + (before?.loaded ?? NaN),
      skipped: skipped + (before?.skipped ?? NaN),
      deadLettered: deadLettered + (before?.deadLettered ?? NaN),
    }, { loaded: 4, skipped: 2, deadLettered: 2 });
    await expectRows(sink, 1, 3, 5, 7);
  });
}

/** Loads half of eight rows: some are left out, some given up on. It is aborted within a load. */
function runWith(sink: TestedSink, name: string, abortAt?: number) {
  let loads = 0;
  const run = etl<SinkRow, SinkRow>({
    name,
    extract: () => rowsOf(1, 2, 3, 4, 5, 6, 7, 8),
    transform(row) {
      if (row.id % 4 === 0) throw new Error("It is given up on");
      return row.id % 2 === 0 ? skip : row;
    },
    load: Object.assign((rows: SinkRow[], context: Parameters<TestedSink["load"]>[1]) => {
      if (++loads === abortAt) run.abort();
      return sink.load(rows, context);
    }, { [commitsTo]: sink.checkpoints }),
  }).start({
    ...{ batchSize: 2, checkpoints: sink.checkpoints },
    deadLetters: () => new WritableStream(),
  });
  return run.finished;
}

function testRepeats(define: DefineSinkTest): void {
  for (const attempt of [1, 2]) {
    define(`writes nothing twice in attempt ${attempt}`, async (sink) => {
      const key = await claimedKey(sink);
      const loading = { key, rows: rowsOf(1, 2), ranges: [[0, 1], [3, 4]] as const };
      await load(sink, loading);
      await load(sink, { ...loading, attempt });
      await expectRows(sink, 1, 2);
      // Rows that the table would take tell a load that writes from one that does not.
      await load(sink, { ...loading, rows: rowsOf(8, 9), attempt });
      await expectRows(sink, 1, 2);
      await expectMark(sink, key, { offset: 1, done: [[3, 4]] });
    });
  }

  define("writes what is finished in part alone", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: rowsOf(1), ranges: [[0, 1]] });
    await load(sink, { key, rows: rowsOf(3), ranges: [[2, 3]] });
    await expectRows(sink, 1, 3);
    const found = await sink.checkpoints.read(key);
    expectSame("finished", found !== undefined && covers(found, [[0, 1], [2, 3]]), true);
    expectSame("the gap is finished", covers(found!, [[1, 2]]), false);
  });

  define("writes a batch of which the run has given up on some items", async (sink) => {
    const key = await claimedKey(sink);
    const gone: DoneRange[] = [[1, 2]];
    await sink.checkpoints.write(key, { offset: 0, done: gone, updatedAt: 1, runId: "one" });
    await load(sink, { key, rows: rowsOf(1, 3), ranges: [[0, 3]] });
    await expectRows(sink, 1, 3);
    await expectMark(sink, key, { offset: 3 });
  });

  define("writes nothing once a checkpoint says that it is done", async (sink) => {
    const key = await claimedKey(sink);
    await sink.checkpoints.write(key, { offset: 2, done: [], updatedAt: 1, runId: "one" });
    await load(sink, { key, rows: rowsOf(1, 2), ranges: [[0, 2]] });
    await expectRows(sink);
  });
}

function testFences(define: DefineSinkTest): void {
  define("lets the owner of the key load", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: rowsOf(1) });
    await expectRows(sink, 1);
    await expectMark(sink, key, { offset: 1 });
  });

  define("writes nothing for a run that does not own the key", async (sink) => {
    const key = await claimedKey(sink);
    const refused = () => load(sink, { key, rows: rowsOf(1), runId: "two" });
    await expectError("load", "FencedError", refused);
    await expectRows(sink);
    await expectMark(sink, key, { offset: 0 });
    await load(sink, { key, rows: rowsOf(2) });
    await expectRows(sink, 2);
  });

  define("writes nothing for a run whose key was taken over", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: rowsOf(1), ranges: [[0, 1]] });
    await claim(sink, key, "two", claimedAt + 1000);
    const refused = () => load(sink, { key, rows: rowsOf(2), ranges: [[1, 2]] });
    await expectError("load", "FencedError", refused);
    await load(sink, { key, rows: rowsOf(2), ranges: [[1, 2]], runId: "two" });
    await expectRows(sink, 1, 2);
    await expectMark(sink, key, { offset: 2 });
  });
  define("writes nothing of a batch that another run has finished in part", async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: rowsOf(2), ranges: [[1, 2]] });
    await claim(sink, key, "two", claimedAt + 1000);
    const loading = { key, rows: rowsOf(1, 8, 9), ranges: [[0, 3]] as const, runId: "two" };
    await expectError("load", "FencedError", () => load(sink, loading));
    await expectRows(sink, 2);
    await expectMark(sink, key, { offset: 0, done: [[1, 2]] });
  });
}
