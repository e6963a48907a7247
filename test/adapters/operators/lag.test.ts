import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl } from "../../../src/index.ts";
import { broadcast } from "../../../src/adapters/operators.ts";
import { Calls } from "../../support/run/calls.ts";
import { settle } from "../../support/outcomes/outcome.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";

/** A run of batches of one item, whose branches load until the test ends their calls. */
function started(lag: number | undefined, workers = 8) {
  const [quick, slow] = [new Calls<number[], void>(), new Calls<number[], void>()];
  const load = broadcast<number>({
    quick: (rows, { signal }: { signal: AbortSignal }) => quick.run(rows, { signal } as never),
    slow: (rows, { signal }: { signal: AbortSignal }) => slow.run(rows, { signal } as never),
  }, { lag });
  const items = Array.from({ length: 8 }, (_, n) => n);
  const run = etl({ name: "numbers", extract: () => items, load }).start({ workers });
  return { quick, slow, run };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the lag of a broadcast", () => {
  it.each([
    [0, 1],
    [1, 2],
    [3, 4],
    [undefined, 8],
  ])("of %o lets a branch begin %i batches before the slow one has any", async (lag, begun) => {
    const { quick, slow, run } = started(lag);
    await settle();
    for (let index = 0; index < quick.begun.length; index++) {
      quick.begun[index]!.resolve();
      await settle();
    }
    expect(quick.begun.length).toBe(begun);
    expect(slow.begun.length).toBeLessThanOrEqual(8);
    const failed = errorOf(run.finished);
    run.abort("enough");
    for (const { reject } of [...quick.begun, ...slow.begun]) reject("enough");
    await failed;
  });

  it("goes on as the slow one does, in order", async () => {
    const { quick, slow, run } = started(1);
    for (let index = 0; index < 8; index++) {
      await settle();
      expect(quick.begun.length).toBeLessThanOrEqual(index + 2);
      quick.begun[index]!.resolve();
      await settle();
      slow.begun[index]!.resolve();
    }
    const { branches } = await run.finished;
    expect(branches).toMatchObject({ quick: { loaded: 8 }, slow: { loaded: 8 } });
    expect(quick.items).toEqual(slow.items);
  });

  it("does not wait for a branch that has failed", async () => {
    const { quick, slow, run } = started(0, 1);
    await settle();
    slow.begun[0]!.reject(new Error("gone"));
    quick.begun[0]!.resolve();
    expect(await errorOf(run.finished)).toMatchObject({ cause: { message: "gone" } });
  });

  it("does not wait for calls that were left behind at their deadlines", async () => {
    const [quick, slow] = [new Calls<number[], void>(), new Calls<number[], void>()];
    const load = broadcast<number>({
      quick: (rows, { signal }: { signal: AbortSignal }) => quick.run(rows, { signal } as never),
      slow: (rows, { signal }: { signal: AbortSignal }) => slow.run(rows, { signal } as never),
    }, { lag: 0 });
    const run = etl({ name: "numbers", extract: () => [0, 1, 2], load }).start({
      attemptTimeout: 100,
      abortTimeout: 0,
      deadLetters: new WritableStream(),
    });
    for (let index = 0; index < 3; index++) {
      await settle();
      expect(quick.items.flat()).toEqual(Array.from({ length: index + 1 }, (_, n) => n));
      quick.begun[index]!.resolve();
      await settle();
      await vi.advanceTimersByTimeAsync(100); // The slow one heeds no signal.
    }
    await vi.advanceTimersByTimeAsync(100);
    const { branches } = await run.finished;
    expect(branches).toMatchObject({ quick: { loaded: 3 }, slow: { deadLettered: 3 } });
  });

  it("is of one run alone", async () => {
    const begun: number[] = [];
    const gate = Promise.withResolvers<void>();
    const load = broadcast<number>({
      quick: (rows) => void begun.push(...rows),
      slow: ([row]) => row === 1 ? gate.promise : undefined,
    }, { lag: 0 });
    const held = etl({ name: "held", extract: () => [1], load }).start();
    await settle();
    const free = etl({ name: "free", extract: () => [2, 3], load }).start();
    await settle();
    expect(begun).toEqual([1, 2, 3]);
    gate.resolve();
    await settle();
    await Promise.all([held.finished, free.finished]);
  });

  it.each([-1, 1.5, NaN, "2"])("refuses to be %o", (lag) => {
    expect(() => broadcast([() => {}], { lag: lag as number })).toThrow(
      /^Cannot construct broadcast as 'lag' must be a whole number of at least 0, or Infinity: /,
    );
  });
});
