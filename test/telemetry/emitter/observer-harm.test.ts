import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryCheckpointStore, type RunEvent, type RunOptions } from "../../../src/index.ts";
import { wait } from "../../support/run/time.ts";
import { kinds, record, type Recorded } from "../../support/run/recorded-events.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Events of a run, by what they are. */
type Kind = RunEvent["type"];

/** A run in which everything happens: what `onEvent` does about it is to change nothing. */
function eventful(onEvent: Parameters<typeof record>[2], options: RunOptions<number> = {}) {
  const tried = new Set<unknown>();
  return record({
    extract: () => [1, 2, 3, 4, 5, 6],
    transform: (n) => wait(2).then(() => n),
    load: async ([n]) => {
      await wait(n === 6 ? 200 : 10);
      if (n === 3) throw new Error("never");
      if (!tried.has(n)) throw (tried.add(n), new Error("not yet"));
    },
  }, {
    workers: 2,
    retry: { maxAttempts: 2, baseDelay: 10, jitter: "none" },
    deadLetters: new WritableStream(),
    checkpoints: new MemoryCheckpointStore(),
    stallTimeout: 150,
    drainTimeout: 1000,
    abortTimeout: 1000,
    ...options,
  }, onEvent);
}

/** Lets a run end, and gives the outcome of its report. */
async function outcomeOf({ run }: Recorded): Promise<string> {
  let outcome: string | undefined;
  run.finished.then(
    (report) => outcome = report.outcome,
    (error) => outcome = error.report.outcome,
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect(vi.getTimerCount()).toBe(0);
  return outcome ?? "hangs";
}

describe("an observer of a run", () => {
  const behaviours: Record<string, () => unknown> = {
    throws: () => {
      throw new Error("the observer failed");
    },
    rejects: () => Promise.reject(new Error("the observer failed")),
    "never answers": () => new Promise(() => {}),
    "gives what is no proper promise": () => ({
      then: () => {
        throw new Error("no promise");
      },
    }),
    "gives what cannot be looked at": () =>
      new Proxy({}, {
        get: () => {
          throw new Error("look away");
        },
      }),
  };

  it.each(Object.entries(behaviours))("that %s does not affect the run", async (_, behave) => {
    const calm = eventful(() => {});
    expect(await outcomeOf(calm)).toBe("completed");
    const recorded = eventful(behave);
    expect(await outcomeOf(recorded)).toBe("completed");
    expect(kinds(recorded.events)).toEqual(kinds(calm.events));
    const all: Kind[] = [
      ...[
        "run:start",
        "batch:retry",
        "batch:transform",
        "batch:load",
        "item:dead-letter",
        "checkpoint:write",
      ] as const,
      ...["run:stall", "run:end"] as const,
    ];
    expect(new Set(calm.events.map(({ type }) => type))).toEqual(new Set(all));
    expect(await recorded.run.finished).toMatchObject({ loaded: 5, deadLettered: 1, pending: 0 });
  });

  const aborted: [Kind, string][] = [
    ["run:start", "aborted"],
    ["batch:retry", "aborted"],
    ["batch:transform", "aborted"],
    ["batch:load", "aborted"],
    ["item:dead-letter", "aborted"],
    ["checkpoint:write", "aborted"],
    ["run:stall", "aborted"],
    ["run:end", "completed"], // It is too late.
  ];
  it.each(aborted)("may abort the run when it receives %s", async (type, outcome) => {
    const recorded = eventful((event, run) => event.type === type && void run.abort());
    expect(await outcomeOf(recorded)).toBe(outcome);
    const told = kinds(recorded.events);
    expect([told[0], told.at(-1)]).toEqual(["run:start", "run:end"]);
    expect(told.filter((kind) => kind === "run:abort")).toHaveLength(outcome === "aborted" ? 1 : 0);
    expect(told.filter((kind) => kind === "run:end")).toHaveLength(1);
  });

  it.each(aborted.slice(0, -1))("may drain the run when it receives %s", async (type) => {
    const recorded = eventful((event, run) => event.type === type && void run.drain());
    expect(await outcomeOf(recorded)).toBe("drained");
    const report = await recorded.run.finished;
    expect(report.pending).toBe(0);
    expect(kinds(recorded.events).filter((kind) => kind === "run:drain")).toHaveLength(1);
  });

  it("that stops the run as it starts prevents every call", async () => {
    for (const stop of ["abort", "drain"] as const) {
      const extract = vi.fn(() => [1]);
      const options = { checkpoints: new MemoryCheckpointStore(), stallTimeout: 10 };
      const recorded = record(
        { extract, load: () => {} },
        options,
        (event, run) => event.type === "run:start" && void run[stop](),
      );
      expect(await outcomeOf(recorded)).toBe(stop === "abort" ? "aborted" : "drained");
      expect(extract).not.toHaveBeenCalled();
    }
  });

  it("may abort the run when it receives run:drain", async () => {
    const reason = new Error("at once");
    const recorded = eventful((event, run) => event.type === "run:drain" && void run.abort(reason));
    await vi.advanceTimersByTimeAsync(5);
    recorded.run.drain();
    expect(await outcomeOf(recorded)).toBe("aborted");
    await expect(recorded.run.finished).rejects.toMatchObject({ cause: reason });
    // The loads that were running fail later, as they do not heed their signal.
    expect(kinds(recorded.events).filter((kind) => !kind.startsWith("batch:transform"))).toEqual(
      ["run:start", "run:drain", "run:abort", "run:failure load", "run:failure load", "run:end"],
    );
  });

  it("that stops the run when it receives a failure does not hide it", async () => {
    for (const stop of ["abort", "drain"] as const) {
      const failure = new Error("no");
      const recorded = record(
        { extract: () => [1, 2], load: () => Promise.reject(failure) },
        {},
        (event, run) => event.type === "run:failure" && void run[stop](),
      );
      expect(await outcomeOf(recorded)).toBe("failed");
      await expect(recorded.run.finished).rejects.toMatchObject({ stage: "load", cause: failure });
    }
  });

  it("may take a snapshot, which has the state of that moment", async () => {
    const seen: [string, number][] = [];
    const recorded = record(
      { extract: () => [1, 2], load: () => wait(10) },
      {},
      ({ type }, run) => void seen.push([type, run.snapshot().loaded]),
    );
    await outcomeOf(recorded);
    expect(seen).toEqual([
      ["run:start", 0],
      ["batch:load", 1],
      ["batch:load", 2],
      ["run:end", 2],
    ]);
  });
});
