import { etl } from "../../etl/etl.ts";
import { type Awaitable, type CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { DefineTest } from "./define-test.ts";
import { expectSame } from "./expectations.ts";
import { newKey } from "./new-key.ts";
import { testMarks } from "./sink-marks.ts";
import { testSignals } from "./sink-signals.ts";
import { testTables } from "./sink-tables.ts";
import { testTombstones } from "./sink-tombstones.ts";
import { testUses } from "./sink-uses.ts";
import { testWrites } from "./sink-writes.ts";
import {
  type DefineSinkTest,
  expectFailure,
  expectMark,
  expectRows,
  load,
  rowOf,
  rowsOf,
  type TestedSink,
  type TestedWrite,
  using,
} from "./tested-sink.ts";
import type { TestedTables, TestedTablesSettings } from "./tested-tables.ts";

/** Creates the sink under test. */
export interface SinkSuite {
  /** Creates a sink with an empty table, for one test. */
  create(): Awaitable<TestedSink>;
  /**
   * Returns a value that deletes the row of an `id` when loaded instead of a row, such as
   * `tombstone({ id })`. Omit it if the sink does not support deletes.
   */
  tombstone?(id: number): object;
  /**
   * Creates a sink of the tables `parent` and `child`, both empty, for one test. Omit it if a sink has
   * one table.
   */
  createTables?(settings: TestedTablesSettings): Awaitable<TestedTables>;
  /**
   * Creates a sink whose rows a function writes, into an empty table and within the transaction that
   * includes the mark. Omit it if the sink does not accept a function.
   */
  createWrite?(write: TestedWrite): Awaitable<TestedSink>;
}

/**
 * Defines the tests that every sink must pass that commits rows and checkpoint together, with the `it` of
 * any framework. The sink must reject a row whose `id` already exists.
 *
 * @example A table of SQLite
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { type SinkRow, testSink } from "millrace/testing";
 * import { sqliteSink } from "millrace/sqlite";
 * import { ok } from "node:assert/strict";
 *
 * const tests: (() => void | Promise<void>)[] = [];
 * const it = (_name: string, test: () => void | Promise<void>) => tests.push(test); // Or vitest's.
 * testSink(it, {
 *   create: () => {
 *     const db = new DatabaseSync(":memory:");
 *     db.exec("create table users (id integer primary key, name text not null)");
 *     const sink = sqliteSink(db, { table: "users", columns: ["id", "name"] });
 *     const rows = () => db.prepare("select id, name from users").all() as unknown as SinkRow[];
 *     return { ...sink, rows, close: () => db.close() };
 *   },
 * });
 * for (const test of tests) await test();
 * ok(tests.length > 10);
 * ```
 */
export function testSink(it: DefineTest, suite: SinkSuite): void {
  const define: DefineSinkTest = (name, test) => it(name, () => using(suite.create(), test));
  testRows(define);
  testMarks(define);
  testSignals(define);
  testUses(define);
  testRuns(define);
  const { tombstone } = suite;
  if (tombstone !== undefined) testTombstones(define, tombstone);
  if (suite.createTables !== undefined) {
    testTables(
      (name, settings, test) => it(name, () => using(suite.createTables!(settings), test)),
      tombstone,
    );
  }
  if (suite.createWrite !== undefined) {
    testWrites((name, write, test) => it(name, () => using(suite.createWrite!(write), test)));
  }
}

function testRows(define: DefineSinkTest): void {
  define("links its load to its checkpoints", async (sink) => {
    const linked = (sink.load as { [commitsTo]?: CheckpointStore })[commitsTo];
    expectSame("the store of the load is that of the sink", linked === sink.checkpoints, true);
    await Promise.resolve();
  });

  define("writes the rows of a run without checkpoints", async (sink) => {
    await load(sink, { rows: rowsOf(1, 2) });
    await load(sink, { rows: rowsOf(3), attempt: 2 });
    await expectRows(sink, 1, 2, 3);
  });

  define("writes none of the rows if one is refused, and goes on", async (sink) => {
    await load(sink, { rows: rowsOf(5) });
    await expectFailure("load", load(sink, { rows: rowsOf(1, 2, 5, 6) }));
    await expectRows(sink, 5);
    await load(sink, { rows: rowsOf(1, 2, 6) });
    await expectRows(sink, 1, 2, 5, 6);
  });

  define("takes dead letters, one stream after the other", async (sink) => {
    const facts = { pipeline: "sink", runId: "one", at: 0, attempts: 1, error: new Error("no") };
    for (const item of [rowOf(1), 7n]) {
      const writer = sink.deadLetters().getWriter();
      await writer.write({ ...facts, item, stage: "transform", offset: 0 });
      await writer.close();
    }
    await expectRows(sink);
  });
}

function testRuns(define: DefineSinkTest): void {
  define("has each row once after a run that failed and one that did not", async (sink) => {
    const name = newKey();
    const ids = Array.from({ length: 20 }, (_, id) => id);
    const run = (last: number) => {
      const extract = function* () {
        for (const id of ids) {
          if (id > last) throw new Error("The source has failed");
          yield rowOf(id);
        }
      };
      const { load, checkpoints } = sink;
      return etl({ name, extract, load }).run({ batchSize: 3, workers: 2, checkpoints });
    };
    await expectFailure("the first run", run(10));
    await run(99);
    await expectRows(sink, ...ids);
    await expectMark(sink, name, { offset: ids.length });
  });
}
