import { expectSame } from "./expectations.ts";
import {
  claimedKey,
  expectFailure,
  expectMark,
  expectRows,
  load,
  rowOf,
  rowsOf,
  type TestedSink,
  type TestedWrite,
} from "./tested-sink.ts";

/** Defines a test that is given a sink whose rows this function writes. */
type Define = (
  name: string,
  write: TestedWrite,
  test: (sink: TestedSink) => Promise<void>,
) => unknown;

/** Defines the tests of a sink whose rows a function writes. */
export function testWrites(define: Define): void {
  const twice: TestedWrite = async (insert, rows) => {
    await insert(rows);
    await insert(rows.map(({ id }) => rowOf(id + 100)));
  };

  define("commits what its function writes and the mark together", twice, async (sink) => {
    const key = await claimedKey(sink);
    await load(sink, { key, rows: rowsOf(1, 2) });
    await load(sink, { rows: rowsOf(3) });
    await expectRows(sink, 1, 2, 3, 101, 102, 103);
    await expectMark(sink, key, { offset: 2 });
  });

  let isFailing = true;
  const failing: TestedWrite = async (insert, rows) => {
    await insert(rows);
    if (isFailing) throw new Error("The function has failed");
  };
  define("commits nothing where its function has written and fails", failing, async (sink) => {
    const key = await claimedKey(sink);
    isFailing = true;
    for (const marked of [{}, { key }]) {
      await expectFailure("load", load(sink, { rows: rowsOf(1), ...marked }));
    }
    await expectRows(sink);
    await expectMark(sink, key, { offset: 0 });
    isFailing = false;
    await load(sink, { key, rows: rowsOf(1), attempt: 2 });
    await expectRows(sink, 1);
  });

  let calls = 0;
  const counted: TestedWrite = async (insert, rows) => {
    calls++;
    await insert(rows);
  };
  define("calls its function for no batch that is finished", counted, async (sink) => {
    const key = await claimedKey(sink);
    calls = 0;
    await load(sink, { key, rows: rowsOf(1) });
    await load(sink, { key, rows: rowsOf(2), attempt: 2 });
    expectSame("calls", calls, 1);
    await expectRows(sink, 1);
  });
}
