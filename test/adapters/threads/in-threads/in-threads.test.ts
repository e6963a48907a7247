import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isWorkerd } from "../../../../src/runtime/detect.ts";
import { orders, workers } from "../../../support/threads/modules.ts";
import { runOrders } from "../../../support/threads/run-orders.ts";

describe.skipIf(isWorkerd())("inThreads", () => {
  let threads: ReturnType<typeof workers>;
  beforeAll(() => void (threads = workers({ size: 2 })));
  afterAll(() => threads.close());

  it("gives a row for each item, in order, from several threads", async () => {
    const { rows, report } = await runOrders(threads, orders(1000), { workers: 1 });
    expect(rows).toEqual(orders(1000));
    expect(report).toMatchObject({ extracted: 1000, loaded: 1000 });
  });

  it("takes skip, many rows, none, nothing and promises as a transform would", async () => {
    const items = orders(6, { 1: "skip", 2: "twice", 3: "none", 4: "later", 5: "nothing" });
    const { rows, report } = await runOrders(threads, items);
    expect(rows).toEqual([{ id: 0 }, { id: 2 }, { id: -2 }, { id: 4 }, undefined]);
    expect(report).toMatchObject({ loaded: 4, skipped: 2, rows: 5 });
  });

  it("fails items that throw alone, with their own errors", async () => {
    const items = orders(50, { 7: "throw", 40: "throw a value" });
    const { rows, failed, letters } = await runOrders(threads, items);
    expect(rows).toHaveLength(48);
    expect(failed).toEqual([[7, "no 7"], [40, "no 40"]]);
    const { error } = letters[0]!;
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ name: "RangeError", code: "BAD", rows: [7], cause: "why" });
    expect((error as Error).stack).toContain("work.ts");
  });
});
