import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CancelledError, ManagerError, PipelineError } from "../../../src/errors.ts";
import { etl } from "../../../src/etl/etl.ts";
import { EtlManager } from "../../../src/manager/manager.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { Gates } from "../../support/streams/gates.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** What a manager that fails rejects with. */
async function errorOf(finished: Promise<unknown>): Promise<ManagerError> {
  const error = await finished.then(() => undefined, (error: unknown) => error);
  expect(error).toBeInstanceOf(ManagerError);
  return error as ManagerError;
}

describe("EtlManager with failFast", () => {
  it.each(["load", "extract", "preProcess"] as const)(
    "drains the others if one fails in %s, waits for them, and starts no more",
    async (stage) => {
      const gates = new Gates();
      const failure = new Error("no");
      const begin = Promise.withResolvers<void>();
      const fail = () => begin.promise.then(() => Promise.reject(failure));
      const bad = { name: "bad", extract: () => [1], load: () => {}, [stage]: fail };
      const manager = new EtlManager({ workers: 3, failFast: true })
        .add(etl(bad)).add(gates.pipeline("a")).add(gates.pipeline("b"))
        .add(gates.pipeline("later")).add(gates.pipeline("after"), { after: ["bad"] });
      const finished = manager.runAll();
      const outcome = outcomeOf(finished);
      await settle();
      begin.resolve();
      await settle();
      gates.get("a").open();
      await settle();
      expect(outcome.state).toBe("pending"); // The load of b is running.
      expect(gates.get("b").signal.aborted).toBe(false);
      gates.get("b").open();
      const error = await errorOf(finished);
      expect(gates.begun).toEqual(["a", "b"]);
      expect(error.reports).toMatchObject([
        { name: "bad", outcome: "failed" },
        { name: "a", outcome: "drained", loaded: 1, pending: 0 },
        { name: "b", outcome: "drained", loaded: 1, pending: 0 },
        { name: "later", outcome: "skipped" },
        { name: "after", outcome: "skipped", after: "bad" },
      ]);
      expect(error.reports[3]).not.toHaveProperty("after");
      expect(error.errors).toHaveLength(1);
      expect(error.errors[0]).toMatchObject({ pipeline: "bad", stage, cause: failure });
    },
  );

  it("reports each pipeline that fails while it drains, in order", async () => {
    const gates = new Gates();
    const manager = new EtlManager({ failFast: true });
    for (const name of "abc") manager.add(gates.pipeline(name));
    const finished = manager.runAll();
    await settle();
    gates.get("b").fail(new Error("first"));
    await settle();
    gates.get("a").fail(new Error("second"));
    await settle();
    gates.get("c").open();
    const error = await errorOf(finished);
    expect(error.cause).toBe(error.errors[0]);
    expect(error.errors).toMatchObject([{ pipeline: "b" }, { pipeline: "a" }]);
    expect(error.reports.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "drained"]);
  });

  it("aborts pipelines that do not drain in time", async () => {
    const gates = new Gates();
    const manager = new EtlManager({ failFast: true, drainTimeout: 100, abortTimeout: 10 })
      .add(gates.pipeline("bad")).add(gates.pipeline("stuck"));
    const outcome = outcomeOf(manager.runAll());
    await settle();
    gates.get("bad").fail(new Error("no"));
    await settle();
    await vi.advanceTimersByTimeAsync(99);
    expect(gates.get("stuck").signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(gates.get("stuck").signal.aborted).toBe(true);
    gates.get("stuck").fail(gates.get("stuck").signal.reason);
    await settle();
    expect(outcome.value).toMatchObject({
      errors: [{ pipeline: "bad" }, { name: "CancelledError" }],
      reports: [{ outcome: "failed" }, { outcome: "aborted", pending: 1 }],
    });
  });
});

describe("EtlManager without failFast", () => {
  it("runs the other pipelines to their end, then rejects", async () => {
    const gates = new Gates();
    const manager = new EtlManager({ workers: 2 });
    for (const name of "abcd") manager.add(gates.pipeline(name));
    const finished = manager.runAll();
    const outcome = outcomeOf(finished);
    await settle();
    const failure = new TypeError("no");
    gates.get("a").fail(failure);
    await settle();
    expect(gates.begun).toEqual(["a", "b", "c"]);
    for (const name of "bcd") {
      expect(outcome.state).toBe("pending");
      gates.get(name).open();
      await settle();
    }
    const error = await errorOf(finished);
    expect(error).toMatchObject({
      name: "ManagerError",
      code: "MANAGER",
      message: `3 of 4 pipelines completed: Pipeline "a" failed in load: no`,
    });
    expect(error.errors).toEqual([expect.any(PipelineError)]);
    expect(error.cause).toBe(error.errors[0]);
    expect((error.cause as Error).cause).toBe(failure);
    const completed = { outcome: "completed" };
    expect(error.reports).toMatchObject([{ outcome: "failed" }, completed, completed, completed]);
  });

  it("leaves no unhandled rejection", async () => {
    const bad = etl({
      name: "bad",
      extract: () => [1],
      load: () => Promise.reject(new Error("no")),
    });
    new EtlManager().add(bad).runAll(); // The runner fails on an unhandled rejection.
    await settle();
  });
});

describe("EtlManager: the signal", () => {
  it("calls nothing if it has aborted before", async () => {
    const gates = new Gates();
    const manager = new EtlManager().add(gates.pipeline("b"), { after: ["a"] }).add(
      gates.pipeline("a"),
    );
    const error = await errorOf(manager.runAll({ signal: AbortSignal.abort("closed") }));
    expect(error.message).toBe("0 of 2 pipelines completed: closed");
    expect(error.cause).toBe("closed");
    expect(error.errors).toEqual([]);
    expect(error.reports).toEqual([
      { name: "b", outcome: "skipped" },
      { name: "a", outcome: "skipped" },
    ]);
    expect(gates.begun).toEqual([]);
  });

  it("drains running pipelines and starts no more", async () => {
    const gates = new Gates();
    const stop = new CountedSignal();
    const manager = new EtlManager({ workers: 2 })
      .add(gates.pipeline("a")).add(gates.pipeline("b"))
      .add(gates.pipeline("c")).add(gates.pipeline("d"), { after: ["a"] });
    const finished = manager.runAll({ signal: stop.signal });
    await settle();
    const reason = new Error("shutdown");
    stop.abort(reason);
    await settle();
    gates.get("a").open();
    gates.get("b").open();
    const error = await errorOf(finished);
    expect(error.message).toBe("0 of 4 pipelines completed: shutdown");
    expect(error.cause).toBe(reason);
    expect(error.errors).toEqual([expect.any(CancelledError), expect.any(CancelledError)]);
    for (const cancelled of error.errors) expect(cancelled).toMatchObject({ cause: reason });
    expect(error.reports).toMatchObject([
      { outcome: "drained", loaded: 1 },
      { outcome: "drained", loaded: 1 },
      { name: "c", outcome: "skipped" },
      { name: "d", outcome: "skipped" },
    ]);
    expect(gates.begun).toEqual(["a", "b"]);
    expect(stop.listeners).toBe(0);
  });

  it("also stops a pipeline with its own signal, and leaves no listener on that", async () => {
    const gates = new Gates();
    const [stop, own] = [new CountedSignal(), new CountedSignal()];
    const manager = new EtlManager().add(gates.pipeline("a", { signal: own.signal }));
    const finished = manager.runAll({ signal: stop.signal });
    await settle();
    expect([stop.listeners, own.listeners]).toEqual([1, 1]);
    stop.abort("shutdown");
    gates.get("a").open();
    expect((await errorOf(finished)).errors).toMatchObject([{ cause: "shutdown" }]);
    expect([stop.listeners, own.listeners]).toEqual([0, 0]);
  });

  it("of one pipeline leaves the others running", async () => {
    const gates = new Gates();
    const [stop, own] = [new CountedSignal(), new CountedSignal()];
    const manager = new EtlManager({ workers: 1 })
      .add(gates.pipeline("a", { signal: own.signal })).add(gates.pipeline("b"));
    const finished = manager.runAll({ signal: stop.signal });
    await settle();
    own.abort("enough");
    gates.get("a").open();
    await settle();
    gates.get("b").open();
    const error = await errorOf(finished);
    expect(error.message).toBe(
      `1 of 2 pipelines completed: Pipeline "a" was cancelled: enough`,
    );
    expect(error.reports).toMatchObject([{ outcome: "drained" }, { outcome: "completed" }]);
    expect([stop.listeners, own.listeners]).toEqual([0, 0]);
  });

  it("of one pipeline, aborted before, keeps that pipeline from being called", async () => {
    const gates = new Gates();
    const own = AbortSignal.abort("enough");
    const manager = new EtlManager().add(gates.pipeline("a", { signal: own })).add(
      gates.pipeline("b"),
    );
    const finished = manager.runAll();
    await settle();
    gates.get("b").open();
    const error = await errorOf(finished);
    expect(error.reports).toMatchObject([{ outcome: "aborted", extracted: 0 }, {
      outcome: "completed",
    }]);
    expect(gates.begun).toEqual(["b"]);
  });

  it("has no listener left when all goes well, run after run", async () => {
    const [stop, own] = [new CountedSignal(), new CountedSignal()];
    const quick = etl({ name: "quick", extract: () => [1], load: () => {} }, {
      signal: own.signal,
    });
    const manager = new EtlManager().add(quick);
    for (let round = 0; round < 20; round++) await manager.runAll({ signal: stop.signal });
    expect(stop.added).toBe(20);
    expect(own.added).toBe(20);
    expect([stop.listeners, own.listeners]).toEqual([0, 0]);
  });

  it("does not hide an earlier failure", async () => {
    const gates = new Gates();
    const stop = new AbortController();
    const manager = new EtlManager().add(gates.pipeline("a")).add(gates.pipeline("b"));
    const finished = manager.runAll({ signal: stop.signal });
    await settle();
    gates.get("a").fail(new Error("no"));
    await settle();
    stop.abort("shutdown");
    gates.get("b").open();
    const error = await errorOf(finished);
    expect(error.message).toBe(`0 of 2 pipelines completed: Pipeline "a" failed in load: no`);
    expect(error.cause).toBe(error.errors[0]);
    expect(error.errors).toMatchObject([{ pipeline: "a" }, { cause: "shutdown" }]);
  });

  it("stops nothing once all pipelines are done", async () => {
    const stop = new AbortController();
    const quick = etl({ name: "quick", extract: () => [1], load: () => {} });
    const finished = new EtlManager().add(quick).runAll({ signal: stop.signal });
    const { outcome } = await finished;
    stop.abort();
    expect(outcome).toBe("completed");
    await expect(finished).resolves.toMatchObject({ reports: [{ loaded: 1 }] });
  });

  it("rejects if it has aborted, even without pipelines", async () => {
    const finished = new EtlManager().runAll({ signal: AbortSignal.abort("closed") });
    const error = await errorOf(finished);
    expect(error.message).toBe("0 of 0 pipelines completed: closed");
  });
});
