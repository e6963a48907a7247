import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Chunks, chunks, etl } from "../../../../src/index.ts";
import {
  broadcast,
  distinct,
  lookup,
  map,
  pipe,
  reduceByKey,
} from "../../../../src/adapters/operators.ts";
import { settle } from "../../../support/outcomes/outcome.ts";
import { runsOf } from "../../../support/operators/runs.ts";
import { CountedSignal } from "../../../support/streams/counted-signal.ts";

const many = runsOf(50_000); // Ten times as many where OPERATORS_TIMES says so.

/** Numbers in arrays of a thousand, from 0 on. */
function* numbers(count: number): Generator<number[]> {
  for (let from = 0; from < count; from += 1000) {
    yield Array.from({ length: Math.min(1000, count - from) }, (_, index) => from + index);
  }
}

async function countOf(source: Chunks<unknown>, onChunk = (_: number) => {}): Promise<number> {
  let count = 0;
  for await (const chunk of source.source) onChunk(count += chunk.length);
  return count;
}

describe("what operators hold", () => {
  it("is the last keys of many different ones", async () => {
    const max = 1000;
    const keys = function* () {
      yield* numbers(many);
      const last = many - max / 2;
      yield [last, last + 1]; // Are known, and let none in.
      yield [0, 1, last]; // Were forgotten long ago; the last one is known still.
    };
    expect(await countOf(pipe(chunks(keys()), distinct({ max })))).toBe(many + 2);
  });

  it("is the sums of so many keys, of however many there are", async () => {
    const max = 1000;
    const counts = { begun: 0, most: 0 };
    const sums = reduceByKey({
      by: (n: number) => n,
      init: () => (counts.begun++, 0),
      add: (sum, n) => sum + n,
      max,
    });
    const given = await countOf(pipe(chunks(numbers(many)), sums), (given) => {
      counts.most = Math.max(counts.most, counts.begun - given);
    });
    expect(given).toBe(many);
    expect(counts.most).toBeLessThanOrEqual(max);
  });

  it("is so many values that were looked up", async () => {
    const cache = 1000;
    const asked: number[] = [];
    const keys = function* () {
      yield* numbers(many);
      yield [many - 1, many - cache / 2]; // Are held.
      yield [0, 1, 2]; // Are not.
    };
    const load = (keys: number[]) => {
      asked.push(...keys);
      return [];
    };
    const found = lookup({ key: (n: number) => n, load, batchSize: 250, cache });
    await countOf(pipe(chunks(keys()), found));
    expect(asked.length).toBe(many + 3);
    expect(asked.slice(-3)).toEqual([0, 1, 2]);
  });

  it("lets a lookup of 10,000 keys make as many calls as are full of them", async () => {
    const [keys, batchSize] = [10_000, 400];
    let calls = 0;
    const load = async (ids: number[]) => {
      calls++;
      return ids.map((id) => [id, -id] as const);
    };
    const items = chunks(numbers(many));
    const found = lookup({ key: (n: number) => n * 7 % keys, load, batchSize, cache: keys });
    const isRight = map(([n, value]: [number, number | undefined]) => value === -(n * 7 % keys));
    let wrong = 0;
    for await (const chunk of pipe(items, found, isRight).source) {
      wrong += chunk.filter((isRight) => !isRight).length;
    }
    expect(wrong).toBe(0);
    expect(calls).toBeLessThanOrEqual(keys / batchSize);
  });
});

describe("a branch that stands still", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([0, 1, 3])("bounds what is read, with a lag of %i, and leaves nothing", async (lag) => {
    const stalled: (() => void)[] = [];
    const given = { quick: 0, slow: 0, read: 0 };
    function* read() {
      for (let n = 0; n < 500; n++) {
        given.read++;
        yield [n];
      }
    }
    const load = broadcast({
      quick: (rows: number[]) => void (given.quick += rows.length),
      slow: (rows: number[]) => {
        given.slow += rows.length;
        return new Promise<void>((resolve) => void stalled.push(resolve));
      },
    }, { lag });
    const user = new CountedSignal();
    const extract = () => pipe(chunks(read()), map((n) => n));
    const run = etl({ name: "numbers", extract, load })
      .start({ batchSize: 5, workers: 8, signal: user.signal });
    for (let turn = 0; turn < 200; turn++) await settle(1000); // However long it stands.
    expect(given.quick).toBe(5 * (lag + 1));
    expect(given.read).toBeLessThanOrEqual(5 * 8 * 3); // Batches at work, and those that wait.
    for (let turn = 0; turn < 500 && (given.slow < 500 || stalled.length > 0); turn++) {
      for (const go of stalled.splice(0)) go();
      await settle(1);
    }
    const { branches } = await run.finished;
    const all = { given: 500, loaded: 500 };
    expect(branches).toEqual({ quick: all, slow: all });
    expect([user.listeners, vi.getTimerCount()]).toEqual([0, 0]);
  });
});
