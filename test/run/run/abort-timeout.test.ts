import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CancelledError } from "../../../src/index.ts";
import { outcomeOf } from "../../support/outcomes/outcome.ts";
import { ScriptedSource, sourceKinds } from "../../support/run/sources.ts";
import { started } from "../../support/run/started.ts";
import { after, wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const reason = new Error("stop");

describe("abortTimeout", () => {
  const deaf = () => new Promise<never>(() => {});

  it.each([[undefined, 5000], [50, 50], [0, 0]])(
    "of %o is how long callbacks that ignore their signal are awaited",
    async (abortTimeout, time) => {
      const { run, source } = await started({ load: deaf }, {
        abortTimeout,
        workers: 2,
        batchSize: 3,
      });
      const outcome = outcomeOf(run.abort(reason));
      if (time > 0) await vi.advanceTimersByTimeAsync(time - 1);
      expect(outcome.state).toBe("pending");
      await vi.advanceTimersByTimeAsync(1);
      const { report } = outcome.value as CancelledError;
      expect(report).toMatchObject({ outcome: "aborted", loaded: 0, pending: source.given });
      expect(source.given).toBeGreaterThanOrEqual(6);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("of Infinity waits forever", async () => {
    const { run } = await started({ load: () => wait(1e9) }, { abortTimeout: Infinity });
    const outcome = await after(1e9 - 10, run.abort(reason));
    expect(outcome.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(10);
    expect(outcome.value).toMatchObject({ report: { loaded: 1 } });
  });

  it("ends the run although later results no longer change the report or the error", async () => {
    const load = async () => {
      await wait(100);
      throw new Error("too late");
    };
    const { run } = await started({ load }, { abortTimeout: 10 });
    const { value } = await after(10, run.abort(reason));
    const before = JSON.stringify(value);
    await vi.advanceTimersByTimeAsync(1000);
    expect(JSON.stringify(value)).toBe(before);
    expect((value as CancelledError).errors).toEqual([]);
    expect(run.snapshot()).toMatchObject({ state: "ended", loaded: 0 });
  });

  it("leaves items pending that are loaded while the run still ends", async () => {
    const finalize = () => wait(40);
    const { run } = await started({ extract: () => [1], load: () => wait(100), finalize }, {
      ...{ abortTimeout: 80 },
    });
    const { value } = await after(130, run.abort(reason));
    expect(value).toMatchObject({ report: { outcome: "aborted", loaded: 0, pending: 1 } });
    expect(run.snapshot()).toMatchObject({ loaded: 0 });
  });

  it.each(["preProcess", "extract", "postProcess", "finalize"])("applies to %s", async (hook) => {
    const { run } = await started({ extract: () => [1], [hook]: deaf }, { abortTimeout: 50 });
    const outcome = await after(49, run.abort(reason));
    expect(outcome.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome.value).toMatchObject({ report: { outcome: "aborted" } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives finalize() its own time", async () => {
    const finalize = vi.fn(() => wait(40));
    const { run } = await started({ load: deaf, finalize }, { abortTimeout: 50 });
    const outcome = await after(89, run.abort(reason));
    expect(outcome.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome.state).toBe("rejected");
    expect(finalize.mock.calls.map(([outcome]: unknown[]) => outcome)).toEqual(["aborted"]);
  });

  it("ends a finalize() that ignores its signal as well", async () => {
    const { run } = await started({ load: deaf, finalize: deaf }, { abortTimeout: 50 });
    const outcome = await after(99, run.abort(reason));
    expect(outcome.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome.value).toBeInstanceOf(CancelledError);
  });

  it("ends a source or generator that ignores its cancellation", async () => {
    const source = new ScriptedSource({ kind: "stream", reads: 2, end: "never", onCancel: deaf });
    const generate = async function* () {
      yield 1;
      await deaf();
    };
    for (const extract of [() => source.source, generate]) {
      const { run } = await started({ extract }, { abortTimeout: 50 });
      const outcome = await after(49, run.abort(reason));
      expect(outcome.state).toBe("pending");
      await vi.advanceTimersByTimeAsync(1);
      expect(outcome.value).toMatchObject({ report: { outcome: "aborted", pending: 0 } });
    }
  });

  it.each(sourceKinds)("still cancels a source of kind %s that arrives after it", async (kind) => {
    const source = new ScriptedSource({ kind, reads: 5, end: "end" });
    const load = vi.fn();
    const extract = () => wait(100).then(() => source.source);
    const { run } = await started({ extract, load }, { abortTimeout: 10 });
    expect((await after(10, run.abort(reason))).state).toBe("rejected");
    await vi.advanceTimersByTimeAsync(100);
    // A generator that has not begun has nothing to end.
    expect(source.cancelled).toHaveLength(kind === "generator" ? 0 : 1);
    expect(source.reads).toBe(0);
    expect(source.stream?.locked ?? false).toBe(false);
    expect(load).not.toHaveBeenCalled();
  });
});
