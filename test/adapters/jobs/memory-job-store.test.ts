import { afterEach, describe, expect, it, vi } from "vitest";
import { MemoryJobStore } from "../../../src/adapters/jobs.ts";
import { testJobStore } from "../../../src/adapters/testing.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("MemoryJobStore", () => {
  testJobStore(it, { create: (lease) => new MemoryJobStore({ lease }) });

  it.each([0, -1, Infinity, "1"])("refuses a lease of %o", (lease) => {
    expect(() => new MemoryJobStore({ lease: lease as number })).toThrow(
      "Cannot create MemoryJobStore as 'lease' must be a finite number above 0",
    );
  });

  it("knows a lease that had lapsed and is extended", async () => {
    vi.useFakeTimers();
    const store = new MemoryJobStore({ lease: 1000 });
    await store.add([{ id: "a", descriptor: 1 }]);
    const lease = await store.take("worker");
    vi.advanceTimersByTime(1500);
    const watch = store.watch();
    const { partitions: { held: lapsed }, counts } = await store.read();
    const changed = watch.changed(undefined); // Looks for the next time: there is none.
    expect(await lease!.extend(counts)).toBe("held");
    expect([lapsed, (await store.read()).partitions.held]).toEqual([0, 1]);
    await lease!.giveBack({ delay: 0 });
    await changed;
    watch.close();
  });
});
