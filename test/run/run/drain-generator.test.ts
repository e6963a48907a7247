import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl, type RunReport } from "../../../src/index.ts";
import { after, untilAborted, wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("run.drain() of a generator", () => {
  it("ends a waiting generator by the signal, once all that it yielded is loaded", async () => {
    const events: string[] = [];
    const run = etl<number>({
      name: "generator",
      extract: async function* ({ signal }) {
        yield 1;
        await untilAborted(signal).finally(() => events.push("aborted"));
      },
      load: async () => {
        await wait(10);
        events.push("loaded");
      },
    }).start();
    await vi.advanceTimersByTimeAsync(5);
    const { value } = await after(5, run.drain());
    expect(value).toMatchObject({ outcome: "drained", loaded: 1, pending: 0 });
    expect(events).toEqual(["loaded", "aborted"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["waits for room", { batchSize: 2 }],
    ["lets others have a turn", { batchSize: 1_000_000 }],
    ["lets others have a turn, and measures", { batchSize: 1_000_000, sizeOf: () => 1 }],
  ])("loads what a generator yielded before it has cleaned up, while it %s", async (_, options) => {
    const events: string[] = [];
    const run = etl<number>({
      name: "tidy",
      extract: async function* () {
        try {
          for (let n = 0;; n++) yield n;
        } finally {
          await wait(100);
          events.push("clean");
        }
      },
      load: () => wait(10).then(() => void events.push("loaded")),
    }).start({ workers: 1, timeout: Infinity, ...options });
    await vi.advanceTimersByTimeAsync(0); // No read is pending then.
    const { value } = await after(200, run.drain());
    const { outcome, extracted, loaded, batches } = value as RunReport;
    expect({ outcome, loaded }).toEqual({ outcome: "drained", loaded: extracted });
    expect(extracted).toBeGreaterThan(2);
    expect(events).toEqual([...Array.from({ length: batches }, () => "loaded"), "clean"]);
  });
});
