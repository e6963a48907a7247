import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JobWatches } from "../../../src/adapters/postgres/job-watches.ts";

const lease = 30_000;

describe("one who waits for a job of PostgreSQL", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A watch that listens, and asks this when the next lease is over. */
  const listening = async (untilFree: () => Promise<number | undefined>) => {
    const listen = () => Promise.resolve(() => {});
    const watches = new JobWatches({ pollInterval: 10, lease, listen, payload: "job", untilFree });
    const watch = watches.open("partitions");
    await watch.changed(undefined);
    return watch;
  };

  it("looks again after the interval where the database cannot be asked", async () => {
    const watch = await listening(() => Promise.reject(new Error("ECONNRESET")));
    const changed = watch.changed(undefined);
    await vi.advanceTimersByTimeAsync(15);
    await changed;
    watch.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("looks again once in the time of a lease where the database does not answer", async () => {
    const watch = await listening(() => new Promise(() => {}));
    const changed = watch.changed(undefined);
    await vi.advanceTimersByTimeAsync(lease);
    await changed;
    watch.close();
  });

  it("is woken while the database does not answer", async () => {
    const watch = await listening(() => new Promise(() => {}));
    const stop = new AbortController();
    const changed = watch.changed(stop.signal);
    await vi.advanceTimersByTimeAsync(0);
    stop.abort();
    await changed;
    watch.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("looks again when the next lease is over, however long that query takes", async () => {
    const watch = await listening(() => new Promise((give) => setTimeout(() => give(50), 100)));
    let isOver = false;
    const changed = watch.changed(undefined).then(() => isOver = true);
    await vi.advanceTimersByTimeAsync(150);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(15);
    await changed;
    watch.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
