import { AsyncLocalStorage } from "node:async_hooks";
import { spawnSync } from "node:child_process";
import { execPath } from "node:process";
import { expect, it } from "vitest";
import { etl } from "../../src/index.ts";

/** Runs a program of its own process, and gives what it prints. */
function output(program: string, flags: string[] = [], ...given: string[]): string {
  const path = `test/node/programs/${program}`;
  const args = ["--disable-warning=ExperimentalWarning", ...flags, path, ...given];
  const { status, signal, stdout, stderr } = spawnSync(execPath, args, {
    encoding: "utf8",
    timeout: 150_000,
  });
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
  return stdout;
}

it("a run leaves nothing that keeps a process alive", () => {
  const lines = ["batched [ 1, 2 ]", "piped [ 1, 2 ]", "drained 1", ""];
  expect(output("ends-by-itself.ts")).toBe(lines.join("\n"));
}, 180_000);

it("100 000 runs with one signal leave the heap flat", () => {
  expect(Number(output("flat-heap.ts", ["--expose-gc"]))).toBeLessThan(1_000_000);
}, 180_000);

it.each(["load", "transform", "transformBatch", "retry()"])(
  "a %s that fails 40 000 times leaves the heap flat",
  (stage) => {
    expect(Number(output("many-attempts.ts", ["--expose-gc"], stage))).toBeLessThan(500_000);
  },
  90_000,
);

it.each(["run", "manager", "waiting", "ended"])(
  "the progress of a %s, watched 20 000 times, leaves the heap flat",
  (what) => {
    expect(Number(output("many-watchers.ts", ["--expose-gc"], what))).toBeLessThan(1_000_000);
  },
  90_000,
);

it("a run keeps the async context of its caller in every callback", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: Record<string, string | undefined> = {};
  const note = (name: string) => void (seen[name] = storage.getStore());
  const pipeline = etl({
    name: "context",
    preProcess: () => note("preProcess"),
    extract: async function* () {
      note("extract");
      yield* [1, 2, 3];
    },
    transform: async (n) => (note("transform"), n),
    load: async () => note("load"),
    postProcess: () => note("postProcess"),
    finalize: () => note("finalize"),
  });
  await storage.run("mine", () => pipeline.run({ batchSize: 2, workers: 2, timeout: 1 }));
  const callbacks = ["preProcess", "extract", "transform", "load", "postProcess", "finalize"];
  expect(seen).toEqual(Object.fromEntries(callbacks.map((name) => [name, "mine"])));
});
