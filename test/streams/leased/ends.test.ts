import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { leased, type Pipeline, type Run } from "../../../src/index.ts";
import { lend, reportOf } from "../../support/run/lending.ts";
import { untilAborted, wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Gives 1 to 4, then what `last` does. */
async function* four(last: () => unknown = () => {}): AsyncGenerator<number> {
  yield* [1, 2, 3, 4];
  await last();
}

const slow: Pipeline<number>["load"] = () => wait(100);
const stubborn: Pipeline<number>["load"] = (_, { signal }) => untilAborted(signal);

/** A source that waits for more until it is stopped. */
function waiting(): ReadableStream<number> {
  return new ReadableStream({ start: (out) => [1, 2, 3, 4].forEach((n) => out.enqueue(n)) });
}

describe("the end of a leased source", () => {
  it.each<
    [string, () => ReturnType<typeof lend>, (run: Run) => unknown, string, readonly string[]]
  >([
    [
      "that ends by itself",
      () => lend(four(), { load: slow }),
      () => {},
      "completed",
      ["done 1,2", "done 3,4", "closed", "finalize"],
    ],
    [
      "that throws: what was read is loaded",
      () => lend(four(() => Promise.reject(new Error("gone"))), { load: slow }),
      () => {},
      "failed",
      ["done 1,2", "done 3,4", "closed", "finalize"],
    ],
    [
      "that throws, where the rest is discarded",
      () =>
        lend(four(() => Promise.reject(new Error("gone"))), { load: slow }, {}, {
          batchSize: 3,
          onError: "discard",
        }),
      () => {},
      "failed",
      ["done 1,2,3", "released 4", "closed", "finalize"],
    ],
    [
      "that is drained",
      () => lend(waiting(), { load: slow }),
      (run) => void run.drain(),
      "drained",
      ["done 1,2", "done 3,4", "closed", "finalize"],
    ],
    [
      "that is aborted",
      () => lend(waiting(), { load: stubborn }),
      (run) => void run.abort().catch(() => {}),
      "aborted",
      ["released 1,2,3,4", "closed", "finalize"],
    ],
    [
      "whose load is not over in time",
      () => lend(waiting(), { load: () => wait(50_000) }, {}, { abortTimeout: 10 }),
      (run) => void run.abort().catch(() => {}),
      "aborted",
      ["released 1,2,3,4", "closed", "finalize"],
    ],
    [
      "whose load fails",
      () => lend(waiting(), { load: () => wait(50).then(() => Promise.reject(new Error("full"))) }),
      () => {},
      "failed",
      ["released 1,2,3,4", "closed", "finalize"],
    ],
  ])("%s", async (_, begin, end, outcome, expected) => {
    const { told, run } = begin();
    await vi.advanceTimersByTimeAsync(10);
    end(run);
    expect((await reportOf(run)).outcome).toBe(outcome);
    expect(told).toEqual(expected);
  });

  it("drains by a signal", async () => {
    const stop = new AbortController();
    const { told, run } = lend(waiting(), { load: slow }, {}, { signal: stop.signal });
    await vi.advanceTimersByTimeAsync(10);
    stop.abort(new Error("enough"));
    expect((await reportOf(run)).outcome).toBe("drained");
    expect(told).toEqual(["done 1,2", "done 3,4", "closed", "finalize"]);
  });

  it("gives back what waits in a chunk of an array that nobody reads on", async () => {
    const { told, run } = lend([1, 2, 3, 4, 5, 6, 7, 8, 9], { load: stubborn });
    await vi.advanceTimersByTimeAsync(10);
    void run.abort().catch(() => {});
    await reportOf(run);
    expect(told[0]).toBe("released 1,2,3,4,5,6,7,8,9");
  });

  it("is told with a signal that the abort leaves alone", async () => {
    const aborted: boolean[] = [];
    const { run } = lend(waiting(), { load: stubborn }, {
      release: (_, { signal }) => void aborted.push(signal.aborted),
    });
    await vi.advanceTimersByTimeAsync(10);
    void run.abort().catch(() => {});
    await reportOf(run);
    expect(aborted).toEqual([false]);
  });

  it("waits no longer than `abortTimeout` for each call", async () => {
    let signal: AbortSignal | undefined;
    const { told, run } = lend(waiting(), { load: stubborn }, {
      release: (_, context) => ({ signal } = context, wait(50_000)),
    }, { abortTimeout: 10 });
    await vi.advanceTimersByTimeAsync(10);
    void run.abort().catch(() => {});
    await vi.advanceTimersByTimeAsync(30);
    expect(told).toEqual(["closed", "finalize"]);
    expect(signal?.aborted).toBe(true);
    await reportOf(run);
  });

  it.each<[string, () => unknown, readonly string[]]>([
    ["takes nothing back", () => {}, ["released 2,3,4", "closed", "finalize", "released 1"]],
    [
      "fails",
      () => Promise.reject(new Error("no reject")),
      ["released 2,3,4", "closed", "finalize", "released 1"],
    ],
    ["takes its item back", () => "returned", ["released 2,3,4", "closed", "finalize"]],
  ])(
    "releases what a `reject` had that is not over in time and %s",
    async (_, answer, expected) => {
      const { told, run } = lend(waiting(), { load: () => Promise.reject(new Error("full")) }, {
        reject: () => wait(1000).then(answer),
      }, { abortTimeout: 10 });
      await vi.advanceTimersByTimeAsync(10);
      void run.abort().catch(() => {});
      await reportOf(run);
      expect(told).toEqual(expected);
    },
  );

  it("closes what comes from `extract` after the end", async () => {
    const told: string[] = [];
    const queue = leased([1, 2], {
      acknowledge: () => {},
      release: (items) => void told.push(`released ${items}`),
      close: () => void told.push("closed"),
    });
    const { run } = lend([], { extract: () => wait(1000).then(() => queue) }, {}, {
      abortTimeout: 10,
    });
    await vi.advanceTimersByTimeAsync(10);
    void run.abort().catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    await expect(run.finished).rejects.toThrow("cancelled");
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual(["released 1,2", "closed"]);
  });

  it("tells every failure of these calls", async () => {
    const { run } = lend(waiting(), { load: () => Promise.reject(new Error("full")) }, {
      release: () => Promise.reject(new Error("no release")),
      close: () => {
        throw new Error("no close");
      },
    });
    await expect(run.finished).rejects.toMatchObject({ stage: "load", message: /full/ });
    const { errors = [] } = await run.finished.catch((error) => error as { errors?: Error[] }) as {
      errors?: Error[];
    };
    expect(errors.map(({ message }) => message)).toEqual(["full", "no release", "no close"]);
  });
});
