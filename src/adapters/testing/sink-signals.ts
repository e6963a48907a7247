import { nextMacrotask } from "../../runtime/macrotask.ts";
import { setTimer } from "../../runtime/timer.ts";
import { expectSame } from "./expectations.ts";
import { claimedKey, type DefineSinkTest, load, rowsOf, type TestedSink } from "./tested-sink.ts";

const maxLoadTime = 5000; // Milliseconds that a load may take to end.

/** Defines the tests of loads whose signal aborts: that of the run, or of an attempt that takes too long. */
export function testSignals(define: DefineSinkTest): void {
  define("tells how a load ended whose signal aborted", async (sink) => {
    const key = await claimedKey(sink);
    const loaded: number[] = [];
    for (let id = 0; id < 12; id++) {
      if (await hasLoaded(sink, key, id, id - 1)) loaded.push(id);
    }
    const found = (await sink.rows()).map((row) => row.id).sort((a, b) => a - b);
    expectSame("ids of the loads that succeeded", found, loaded);
    const mark = await sink.checkpoints.read(key);
    const done = loaded.every((id) => mark !== undefined && isIn(mark, id));
    expectSame("what was loaded is marked", done, true);
  });

  define("writes nothing later of a load that waited when its signal aborted", async (sink) => {
    if (sink.hold === undefined) return; // Nothing ever waits.
    const key = await claimedKey(sink);
    const letGo = await sink.hold();
    const stop = new AbortController();
    const loads = [1, 2].map((id) => {
      const ranges = [[id, id + 1]] as const;
      return load(sink, { key, rows: rowsOf(id), ranges, signal: stop.signal });
    });
    const ended = Promise.allSettled(loads);
    let stopTimer = () => {};
    const late = new Promise<[]>((
      resolve,
    ) => (stopTimer = setTimer(maxLoadTime, () => resolve([]))));
    for (let turn = 0; turn < 20; turn++) await nextMacrotask();
    stop.abort(new Error("The run was aborted"));
    const states = (await Promise.race([ended, late])).map(({ status }) => status);
    stopTimer();
    await letGo();
    for (let turn = 0; turn < 20; turn++) await nextMacrotask();
    expectSame("loads, while they are made to wait", states, ["rejected", "rejected"]);
    expectSame("rows", (await sink.rows()).length, 0);
    await load(sink, { key, rows: rowsOf(3), ranges: [[0, 1]] });
    expectSame("rows of a later load", (await sink.rows()).map(({ id }) => id), [3]);
  });
}

/** Loads a row, and aborts so many turns later; before the call where that is below zero. */
async function hasLoaded(
  sink: TestedSink,
  key: string,
  id: number,
  turns: number,
): Promise<boolean> {
  const stop = new AbortController();
  const abort = () => stop.abort(new Error("The run was aborted"));
  if (turns < 0) abort();
  const loading = load(sink, {
    key,
    rows: rowsOf(id),
    ranges: [[id, id + 1]],
    signal: stop.signal,
  });
  const ended = loading.then(() => true, () => false);
  for (let turn = 0; turn < turns; turn++) await nextMacrotask();
  abort();
  return await ended;
}

function isIn(
  { offset, done }: { offset: number; done: readonly (readonly [number, number, ...unknown[]])[] },
  place: number,
): boolean {
  return place < offset || done.some(([from, to]) => from <= place && place < to);
}
