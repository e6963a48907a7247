import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ManagerError } from "../../../src/errors.ts";
import { etl } from "../../../src/etl/etl.ts";
import { EtlManager } from "../../../src/manager/manager.ts";
import { Gates } from "../../support/streams/gates.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A manager of pipelines that wait in their loads; added in the order of the keys. */
function managerOf(gates: Gates, graph: Record<string, string[]>): EtlManager {
  const manager = new EtlManager({ workers: 9 });
  for (const [name, after] of Object.entries(graph)) manager.add(gates.pipeline(name), { after });
  return manager;
}

describe("EtlManager: `after`", () => {
  it("starts the end of a diamond after both sides, which run side by side", async () => {
    const gates = new Gates();
    const graph = { end: ["left", "right"], left: ["top"], right: ["top"], top: [] };
    const outcome = outcomeOf(managerOf(gates, graph).runAll());
    await settle();
    expect(gates.begun).toEqual(["top"]);
    gates.get("top").open();
    await settle();
    expect(gates.begun).toEqual(["top", "left", "right"]);
    gates.get("right").open();
    await settle();
    expect(gates.begun).toHaveLength(3);
    gates.get("left").open();
    await settle();
    expect(gates.begun).toEqual(["top", "left", "right", "end"]);
    gates.get("end").open();
    await settle();
    expect(outcome).toMatchObject({ state: "fulfilled", value: { outcome: "completed" } });
  });

  it.each([
    ["in their order", ["a", "b", "c", "d"]],
    ["in the opposite order", ["d", "c", "b", "a"]],
    ["in any order", ["c", "a", "d", "b"]],
  ])("runs a chain one by one if it is added %s", async (_, names) => {
    const chain: Record<string, string[]> = { a: [], b: ["a"], c: ["b"], d: ["c", "a", "c"] };
    const gates = new Gates();
    const manager = managerOf(gates, Object.fromEntries(names.map((name) => [name, chain[name]!])));
    const finished = manager.runAll();
    for (const name of "abcd") {
      await settle();
      expect(gates.begun.at(-1)).toBe(name);
      gates.get(name).open();
    }
    expect((await finished).reports.map(({ name }) => name)).toEqual(names);
    expect(gates.begun).toEqual(["a", "b", "c", "d"]);
    expect(gates.most).toBe(1);
  });

  it("waits until the pipeline before has settled, not only loaded", async () => {
    const gates = new Gates();
    const finalized = Promise.withResolvers<void>();
    const first = etl({
      name: "first",
      extract: () => [1],
      load: () => {},
      finalize: () => finalized.promise,
    });
    const manager = new EtlManager().add(first).add(gates.pipeline("b"), { after: ["first"] });
    const finished = manager.runAll();
    await settle();
    expect(gates.begun).toEqual([]);
    finalized.resolve();
    await settle();
    gates.get("b").open();
    await finished;
  });

  it("lets other pipelines overtake one that waits for its predecessor", async () => {
    const gates = new Gates();
    const manager = new EtlManager({ workers: 2 })
      .add(gates.pipeline("a")).add(gates.pipeline("b"), { after: ["a"] })
      .add(gates.pipeline("c")).add(gates.pipeline("d"));
    const finished = manager.runAll();
    await settle();
    expect(gates.begun).toEqual(["a", "c"]);
    gates.get("a").open();
    await settle();
    expect(gates.begun).toEqual(["a", "c", "b"]); // Added before d.
    gates.get("c").open();
    gates.get("b").open();
    await settle();
    gates.get("d").open();
    await finished;
  });

  it("keeps the names as they were when they were given", async () => {
    const gates = new Gates();
    const after = ["a"];
    const manager = new EtlManager().add(gates.pipeline("b"), { after });
    after.push("b");
    const finished = manager.add(gates.pipeline("a")).runAll();
    await settle();
    gates.get("a").open();
    await settle();
    gates.get("b").open();
    expect((await finished).outcome).toBe("completed");
  });
});

describe("EtlManager skips", () => {
  it.each([
    ["added after it", ["a", "b", "c"]],
    ["added before it", ["c", "b", "a"]],
  ])("every pipeline behind one that failed, %s", async (_, names) => {
    const chain: Record<string, string[]> = { a: [], b: ["a"], c: ["b"] };
    const gates = new Gates();
    const manager = managerOf(gates, Object.fromEntries(names.map((name) => [name, chain[name]!])));
    manager.add(gates.pipeline("other"));
    const finished = manager.runAll();
    await settle();
    gates.get("a").fail(new Error("no"));
    gates.get("other").open();
    const error = await finished.catch((error: unknown) => error) as ManagerError;
    expect(error).toBeInstanceOf(ManagerError);
    expect(error.reports.map(({ name }) => name)).toEqual([...names, "other"]);
    const reports = new Map(error.reports.map((report) => [report.name, report]));
    expect(reports.get("a")).toMatchObject({ outcome: "failed", pending: 1 });
    expect(reports.get("b")).toEqual({ name: "b", outcome: "skipped", after: "a" });
    expect(reports.get("c")).toEqual({ name: "c", outcome: "skipped", after: "b" });
    expect(reports.get("other")).toMatchObject({ outcome: "completed" });
    expect(gates.begun).toEqual(["a", "other"]);
  });

  it("a pipeline behind one that was aborted by its own signal", async () => {
    const gates = new Gates();
    const stop = new AbortController();
    const manager = new EtlManager()
      .add(gates.pipeline("b"), { after: ["a"] })
      .add(gates.pipeline("a", { signal: stop.signal, drainTimeout: 0 }));
    const finished = manager.runAll();
    await settle();
    stop.abort("enough");
    gates.get("a").open();
    await expect(finished).rejects.toMatchObject({
      message: `0 of 2 pipelines completed: Pipeline "a" was cancelled: enough`,
      reports: [{ outcome: "skipped", after: "a" }, { outcome: "aborted" }],
    });
    expect(gates.begun).toEqual(["a"]);
  });

  it("a pipeline behind one that was drained by its own signal", async () => {
    const gates = new Gates();
    const stop = new AbortController();
    const manager = new EtlManager()
      .add(gates.pipeline("b"), { after: ["a"] })
      .add(gates.pipeline("a", { signal: stop.signal }));
    const finished = manager.runAll();
    await settle();
    stop.abort("enough");
    gates.get("a").open();
    await expect(finished).rejects.toMatchObject({
      reports: [{ outcome: "skipped", after: "a" }, { outcome: "drained", loaded: 1 }],
    });
  });

  it("one of two sides, without stopping the other", async () => {
    const gates = new Gates();
    const graph = { end: ["left", "right"], left: ["top"], right: [], top: [] };
    const finished = managerOf(gates, graph).runAll();
    await settle();
    gates.get("top").fail(new Error("no"));
    await settle();
    gates.get("right").open();
    await expect(finished).rejects.toMatchObject({
      message: `1 of 4 pipelines completed: Pipeline "top" failed in load: no`,
      reports: [
        { name: "end", outcome: "skipped", after: "left" },
        { name: "left", outcome: "skipped", after: "top" },
        { name: "right", outcome: "completed" },
        { name: "top", outcome: "failed" },
      ],
    });
  });

  it("a pipeline behind two that failed, and names the first failure", async () => {
    const gates = new Gates();
    const finished = managerOf(gates, { left: [], right: [], end: ["left", "right"] }).runAll();
    await settle();
    gates.get("right").fail(new Error("no"));
    await settle();
    gates.get("left").fail(new Error("nor this"));
    await expect(finished).rejects.toMatchObject({
      reports: [{ outcome: "failed" }, { outcome: "failed" }, { name: "end", after: "right" }],
    });
  });
});
