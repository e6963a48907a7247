import { describe, expect, it } from "vitest";
import { etl } from "../../../src/index.ts";
import { LongSignal } from "../../support/run/signal.ts";
import { outcomeOf } from "../../support/outcomes/outcome.ts";

describe("many runs with one signal", () => {
  const runs = 10_000;
  const options = (signal: AbortSignal) => ({ signal, batchSize: 2, timeout: Infinity });

  it("leave no listener on it, whether they complete or fail", async () => {
    const counted = new LongSignal();
    let loaded = 0;
    const fine = etl<number>({
      name: "fine",
      extract: () => [1, 2, 3],
      load: (rows) => void (loaded += rows.length),
    });
    const failing = etl<number>({
      name: "failing",
      extract: () => [1],
      load: () => Promise.reject(new Error("no")),
    });
    for (let run = 0; run < runs; run += 2) {
      await fine.run(options(counted.signal));
      const failed = failing.start(options(counted.signal));
      if (run < 10) expect(counted.listeners).toBe(1);
      await failed.finished.catch(() => {});
    }
    expect(loaded).toBe(3 * runs / 2);
    expect(counted.added).toBe(runs);
    expect(counted.listeners).toBe(0);
  });

  it("are all stopped by it", async () => {
    const counted = new LongSignal();
    const endless = etl<number>({
      name: "endless",
      extract: () => new ReadableStream<number>(),
      load: () => {},
    });
    const ends = Array.from({ length: 100 }, () => endless.run(options(counted.signal)));
    await null;
    const outcomes = ends.map(outcomeOf);
    expect(counted.listeners).toBe(100);
    counted.abort(new Error("enough"));
    await Promise.allSettled(ends);
    expect(outcomes.every(({ state }) => state === "rejected")).toBe(true);
    expect(counted.listeners).toBe(0);
  });
});
