import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Pipeline, type RunEvent, skip, wholeBatch } from "../../../src/index.ts";
import { wait } from "../../support/run/time.ts";
import { kinds, record } from "../../support/run/recorded-events.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(123); // The clock does not begin with the run.
});
afterEach(() => {
  vi.useRealTimers();
});

type Transformed = Extract<RunEvent, { type: "batch:transform" }>;

function transformedIn(events: readonly RunEvent[]): Transformed[] {
  return events.filter((event): event is Transformed => event.type === "batch:transform");
}

it("batch:transform is reported for each batch before its load", async () => {
  const order: string[] = [];
  const { run, events } = record(
    {
      extract: () => [1, 2, 3],
      transform: (n) => wait(5).then(() => n === 2 ? skip : n),
      load: () => {
        order.push("load");
        return wait(20);
      },
    },
    { batchSize: 2 },
    ({ type }) => order.push(type),
  );
  await vi.advanceTimersByTimeAsync(100);
  const { runId } = await run.finished;
  const base = { type: "batch:transform", pipeline: "watched", runId };
  expect(transformedIn(events)).toEqual([
    {
      ...{ ...base, time: 5, sequence: 0, offset: 0, size: 2, rows: 1 },
      times: { batchedAt: 0, transformedAt: 5 },
    },
    {
      ...{ ...base, time: 10, sequence: 1, offset: 2, size: 1, rows: 1 },
      times: { batchedAt: 5, transformedAt: 10 },
    },
  ]);
  expect(order.slice(0, 3)).toEqual(["run:start", "batch:transform", "load"]);
});

const failure = new Error("no");
let calls = 0;
const cases: [string, Omit<Pipeline<number, number>, "name" | "extract" | "load">, number[]][] = [
  ["a sync transform", { transform: (n) => -n }, [2, 2]],
  ["a transform that leaves all out", { transform: () => skip }, [0, 0]],
  [
    "rows that belong to no single item",
    { transformBatch: (ns) => wholeBatch([...ns, ...ns, 9]) },
    [5, 5],
  ],
  ["a transformBatch that is called again", {
    transformBatch: (ns) => calls++ === 0 ? Promise.reject(failure) : ns,
  }, [2, 2]],
  ["what is left of a batch", { transform: (n) => n === 1 ? Promise.reject(failure) : n }, [1, 2]],
  ["no transform", {}, []],
];

it.each(cases)("batch:transform has the rows of %s", async (_, members, rows) => {
  calls = 0;
  const { run, events } = record({ extract: () => [1, 2, 3, 4], ...members, load: () => {} }, {
    batchSize: 2,
    retry: { maxAttempts: 2, baseDelay: 1 },
    deadLetters: new WritableStream(),
  });
  await vi.advanceTimersByTimeAsync(100);
  await run.finished;
  expect(transformedIn(events).map((event) => event.rows)).toEqual(rows);
});

it("batch:transform is not reported for a batch whose transform fails, or is stopped", async () => {
  for (const transform of [() => Promise.reject(failure), () => wait(50).then(() => 0)]) {
    const { run, events } = record({ extract: () => [1], transform, load: () => {} });
    await vi.advanceTimersByTimeAsync(5);
    run.abort(failure).catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    await expect(run.finished).rejects.toThrow();
    expect(kinds(events).filter((kind) => kind.startsWith("batch:"))).toEqual([]);
  }
});

it("an observer that aborts the run at batch:transform lets no load begin", async () => {
  const load = vi.fn();
  const { run } = record(
    { extract: () => [1, 2], transform: (n) => n, load },
    {},
    ({ type }, started) => {
      if (type === "batch:transform") started.abort(failure).catch(() => {});
    },
  );
  await vi.advanceTimersByTimeAsync(100);
  await expect(run.finished).rejects.toMatchObject({ cause: failure });
  expect(load).not.toHaveBeenCalled();
});
