import { afterEach, describe, expect, it, vi } from "vitest";
import { Exhausted } from "../../src/retry/recovery.ts";
import { nextMacrotask, Yielder } from "../../src/runtime/macrotask.ts";
import { mapItems, type Rescue, type Stop } from "../../src/streams/map-items.ts";
import { skip } from "../../src/streams/skip.ts";
import { turns } from "../support/outcomes/outcome.ts";

afterEach(() => void vi.restoreAllMocks());

type Batch = { readonly items: readonly number[] };
type Transform = (item: number, context: string) => unknown;

/** Maps items in a context, and notes which error was told for the batch. */
function map(items: number[], transform: Transform, concurrency = 1, rescue?: Rescue<unknown>) {
  const told: unknown[] = [];
  const fail = (error: unknown, batch: Batch) => void told.push([error, batch.items.length]);
  const stop = { isStopped: false, pace: new Yielder(), isAsync: false, fail };
  const result = mapItems(
    { items },
    { transform } as never,
    "context",
    concurrency,
    stop as Stop<Batch>,
    rescue,
  );
  return { result, told, stop };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const reject3 = (n: number) => n === 3 ? Promise.reject("no 3") : Promise.resolve(n);

describe("mapItems()", () => {
  it("returns the results at once if no call returns a promise, in order and with skip", () => {
    const { result, stop } = map([1, 2, 3], (n, context) => n === 2 ? skip : `${n} ${context}`);
    expect(result).toEqual(["1 context", skip, "3 context"]);
    expect(stop.isAsync).toBe(false);
  });

  it.each([1, 3])(
    "has %i calls in flight after the first promise, and keeps the order",
    async (n) => {
      let running = 0;
      let most = 0;
      const { result, stop } = map(numbers(20), async (item) => {
        most = Math.max(most, ++running);
        for (let turn = item % 3; turn >= 0; turn--) await undefined;
        running--;
        return item;
      }, n);
      expect(await result).toEqual(numbers(20));
      expect([most, stop.isAsync]).toEqual([n, true]);
    },
  );

  it("reports what a call throws, and begins no further one", () => {
    const called: number[] = [];
    const { result, told } = map(numbers(5), (n) => {
      called.push(n);
      if (n === 2) throw "no 2";
    });
    expect([result, told, called]).toEqual([undefined, [["no 2", 5]], [0, 1, 2]]);
  });

  it("settles with undefined after a rejection only when no call is running", async () => {
    let end = () => {};
    const slow = new Promise<void>((resolve) => end = resolve);
    const { result, told } = map(numbers(9), (n) => n === 2 ? slow : reject3(n), 2);
    let isSettled = false;
    const settled = Promise.resolve(result).then((value) => (isSettled = true, value));
    await turns();
    expect([told, isSettled]).toEqual([[["no 3", 9]], false]);
    end();
    expect(await settled).toBeUndefined();
  });

  it("uses the result of a rescue for a call that throws or rejects", async () => {
    const rescued: unknown[] = [];
    const rescue = async (index: number, error: unknown) => (rescued.push([index, error]), skip);
    const throwing = map(
      numbers(5),
      (n) => {
        if (n === 3) throw "no 3";
        return n;
      },
      1,
      rescue,
    );
    expect(await throwing.result).toEqual([0, 1, 2, skip, 4]);
    expect(await map(numbers(5), reject3, 2, rescue).result).toEqual([0, 1, 2, skip, 4]);
    expect(rescued).toEqual([[3, "no 3"], [3, "no 3"]]);
  });

  it.each([0, 1])("rescues item %i if its promise throws where it is waited for", async (bad) => {
    class Odd extends Promise<number> {
      static override get [Symbol.species](): PromiseConstructor {
        throw "odd";
      }
    }
    const rescue = async (index: number, error: unknown) => [index, error];
    const odd = (n: number) => n === bad ? new Odd((resolve) => resolve(n)) : Promise.resolve(n);
    const expected: unknown[] = numbers(3);
    expected[bad] = [bad, "odd"];
    expect(await map(numbers(3), odd, 1, rescue).result).toEqual(expected);
  });

  it("reports the failure of a rescue, and does not rescue that", async () => {
    const exhausted = new Exhausted(["no 3"]);
    const rescue = vi.fn(() => Promise.reject(exhausted));
    const { result, told } = map(numbers(5), reject3, 1, rescue);
    expect(await result).toBeUndefined();
    expect([told, rescue.mock.calls.length]).toEqual([[[exhausted, 5]], 1]);
  });

  it("begins no further call once it is stopped", async () => {
    const called: number[] = [];
    const mapping = map(numbers(9), async (n) => {
      called.push(n);
      if (n === 2) mapping.stop.isStopped = true;
    });
    expect(await mapping.result).toBeUndefined();
    expect(called).toEqual([0, 1, 2]);
  });

  it("lets other tasks run in the middle of slow synchronous calls", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    let isDone = false;
    const { result } = map(numbers(100), (n) => {
      now += 5;
      isDone = n === 99;
    });
    await nextMacrotask();
    expect(isDone).toBe(false);
    expect(await result).toHaveLength(100);
  });
});
