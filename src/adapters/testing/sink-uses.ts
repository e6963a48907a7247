import { etl } from "../../etl/etl.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { expectError, expectSame } from "./expectations.ts";
import { newKey } from "./new-key.ts";
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
  type TestedSink,
} from "./tested-sink.ts";

type Load = Pipeline<SinkRow>["load"];

/** Defines the tests of what becomes of a load that is not used as it is, or does not fit. */
export function testUses(define: DefineSinkTest): void {
  testSecondUses(define);
  testFunctions(define);
  testMisfits(define);
  testAbsences(define);
  testAnswers(define);
}

/** Runs rows of some ids, in batches of two, with the checkpoints of the sink. */
async function run(
  sink: TestedSink,
  { load, name = newKey(), ids = [1, 2, 3] }: { load: Load; name?: string; ids?: number[] },
): Promise<{ letters: number[] }> {
  const letters: number[] = [];
  const retry = { maxAttempts: 2, baseDelay: 0 };
  const deadLetters = () =>
    new WritableStream<{ item: SinkRow }>({ write: ({ item }) => void letters.push(item.id) });
  await etl<SinkRow, SinkRow>({ name, extract: () => rowsOf(...ids), load })
    .run({ batchSize: 2, checkpoints: sink.checkpoints, retry, deadLetters });
  return { letters };
}

function testSecondUses(define: DefineSinkTest): void {
  const ways: Record<string, (sink: TestedSink) => Load> = {
    "one after the other": (sink) => async (rows, context) => {
      await sink.load(rows, context);
      await sink.load([rowOf(rows[0]!.id + 100)], context);
    },
    "side by side": (sink) => async (rows, context) => {
      const load = async (rows: SinkRow[]) => void await sink.load(rows, context);
      await Promise.all([load(rows), load([rowOf(rows[0]!.id + 100)])]);
    },
  };
  for (const [way, loadOf] of Object.entries(ways)) {
    define(`refuses a second use in one load, ${way}, and marks nothing`, async (sink) => {
      const name = newKey();
      const failure = await run(sink, { name, load: loadOf(sink) }).catch((error) => error);
      await expectError("the run", "ConfigurationError", () => Promise.reject(failure.cause));
      await expectMark(sink, name, { offset: 0 });
      const ids = (await sink.rows()).map(({ id }) => id);
      expectSame("rows of the second use", ids.filter((id) => id > 100), []);
    });
  }

  define("lets two loads write the same batch without checkpoints", async (sink) => {
    const own: Load = async (rows, context) => {
      await sink.load(rows, context);
      await sink.load(rows.map(({ id }) => rowOf(id + 100)), context);
    };
    await etl({ name: newKey(), extract: () => rowsOf(1, 2), load: own }).run({ batchSize: 2 });
    await expectRows(sink, 1, 2, 101, 102);
  });
}

function testFunctions(define: DefineSinkTest): void {
  define("marks nothing for a function around it, which may still fail", async (sink) => {
    const name = newKey();
    const load: Load = async (rows, context) => {
      await sink.load(rows, context);
      throw new Error("The function has failed");
    };
    const options = { batchSize: 2, checkpoints: sink.checkpoints };
    const running = etl({ name, extract: () => rowsOf(1, 2), load }).run(options);
    await expectFailure("the run", running);
    await expectMark(sink, name, { offset: 0 });
  });

  define(
    "writes nothing twice where a function around it fails and is tried again",
    async (sink) => {
      let calls = 0;
      const load: Load = async (rows, context) => {
        await sink.load(rows, context);
        if (calls++ % 2 === 0) throw new Error("The function has failed");
      };
      const { letters } = await run(sink, { load });
      expectSame("dead letters", letters, []);
      await expectRows(sink, 1, 2, 3);
    },
  );

  define("commits what its wrapped load is given once the function is done", async (sink) => {
    if (sink.wrap === undefined) return;
    const name = newKey();
    const seen: number[] = [];
    const load = sink.wrap(async (rows, _, load) => {
      await load(rows.map(({ id }) => rowOf(id * 10)));
      seen.push((await sink.rows()).length);
    });
    await run(sink, { name, load });
    expectSame("rows before the end of each function", seen, [0, 2]);
    await expectRows(sink, 10, 20, 30);
    await expectMark(sink, name, { offset: 3 });
  });

  define("commits nothing where the function of its wrapped load fails", async (sink) => {
    if (sink.wrap === undefined) return;
    const key = await claimedKey(sink);
    const wrapped = sink.wrap(async (rows, _, load) => {
      await load(rows);
      throw new Error("The function has failed");
    });
    const failing = load({ ...sink, load: wrapped }, { key, rows: rowsOf(1) });
    await expectFailure("the load", failing);
    await expectRows(sink);
    await expectMark(sink, key, { offset: 0 });
  });
}

function testMisfits(define: DefineSinkTest): void {
  define("leaves no property out in silence", async (sink) => {
    const rows = [rowOf(1), { ...rowOf(2), more: null }];
    let isTold = false;
    const drift = ({ more }: Readonly<Record<string, number>>) => void (isTold = more === 1);
    const loading = load(sink, { rows, more: { drift } });
    const isRefused = await loading.then(() => false, () => true);
    expectSame("the property is refused, or counted", isRefused !== isTold, true);
    await expectRows(sink, ...isRefused ? [] : [1, 2]);
  });

  define("writes nothing once its signal has aborted", async (sink) => {
    const key = await claimedKey(sink);
    const more = { signal: AbortSignal.abort(new Error("It is no longer wanted")) };
    for (const marked of [{}, { key }]) {
      await expectFailure("the load", load(sink, { rows: rowsOf(1), ...marked, more }));
    }
    await expectRows(sink);
    await expectMark(sink, key, { offset: 0 });
  });

  define("says that its table is not there, and makes no letter of any row", async (sink) => {
    if (sink.dropTable === undefined) return;
    await sink.dropTable();
    const failure = await run(sink, { load: sink.load }).catch((error) => error);
    await expectError("the run", "ConfigurationError", () => Promise.reject(failure.cause));
    expectSame("dead letters", failure.report?.deadLettered, 0);
  });

  define("looks at its table again in each run", async (sink) => {
    if (sink.addColumn === undefined) return;
    await run(sink, { load: sink.load, ids: [1] });
    await sink.addColumn("more");
    let told = {};
    const more = { drift: (counts: object) => void (told = counts) };
    await load(sink, { rows: [{ ...rowOf(2), more: 5 }], runId: "two", more } as never);
    expectSame("what was left out", told, {});
    await expectRows(sink, 1, 2);
  });
}

/** Defines the tests of rows that leave columns to the table, of a sink that fills all of its columns. */
function testAbsences(define: DefineSinkTest): void {
  define("leaves a column to the table that a row has no property for", async (sink) => {
    if (sink.addColumn === undefined) return;
    await sink.addColumn("more");
    const rows = [rowOf(1), { ...rowOf(2), more: 5 }, { ...rowOf(3), more: undefined }, rowOf(4)];
    let told = {};
    const more = { drift: (counts: object) => void (told = counts) };
    await load(sink, { rows, more });
    expectSame("what was left out", told, {});
    await expectRows(sink, 1, 2, 3, 4);
  });
}

function testAnswers(define: DefineSinkTest): void {
  for (const batch of [[1], [1, 2, 3]]) {
    define(`has ${batch.length} rows once where the answer to a commit is lost`, async (sink) => {
      if (sink.loseAnswer === undefined) return;
      const name = newKey();
      let hasLost = false;
      const extract = async function* () {
        if (!hasLost) await sink.loseAnswer!();
        hasLost = true;
        yield* rowsOf(...batch);
      };
      const letters: SinkRow[] = [];
      const deadLetters = () =>
        new WritableStream<{ item: SinkRow }>({ write: ({ item }) => void letters.push(item) });
      const job = etl<SinkRow, SinkRow>({ name, extract, load: sink.load });
      const options = { batchSize: 3, checkpoints: sink.checkpoints, deadLetters };
      await job.run(options).catch(() => job.run(options)); // It may have failed, but for no letter.
      expectSame("dead letters", letters, []);
      await expectRows(sink, ...batch);
    });
  }
}
