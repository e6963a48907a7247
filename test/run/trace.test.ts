import { describe, expect, it } from "vitest";
import { batchOf, progressOf } from "../../src/run/batch.ts";
import { Trace } from "../../src/run/trace.ts";
import { checkLanes } from "../support/run/trace-lanes.ts";

/** A batch of two items, of which a trace is kept. */
function batch(sequence: number, batchedAt: number, loadStartedAt = batchedAt) {
  const info = { sequence, offset: sequence * 2, size: 2, attempt: 1 };
  const batch = batchOf<number, number>([1, 2], info, [], batchedAt);
  Object.assign(batch, { transformedAt: batchedAt, loadStartedAt });
  return batch;
}

/** Loads batches one after the other, 1 ms each. */
function loadInTurn(trace: Trace, count: number, every = 1): void {
  for (let sequence = 0; sequence < count; sequence++) {
    trace.begin(sequence);
    const now = (sequence + 1) * every;
    trace.count(2, now);
    trace.end(batch(sequence, now - every), now);
  }
}

describe("Trace", () => {
  it("is empty before anything is done", () => {
    expect(new Trace(0).read()).toEqual({ every: 1, batches: [], interval: 1, done: [] });
  });

  it("has a batch with its times since the start of the run", () => {
    const trace = new Trace(1000);
    trace.begin(0);
    trace.begin(1);
    trace.count(2, 1009);
    const one = batch(1, 1001, 1004);
    one.transformedAt = 1003;
    Object.assign(progressOf(one), { retries: 3, deadLettered: 1 });
    trace.end(one, 1009);
    expect(trace.read()).toEqual({
      every: 1,
      batches: [{
        ...{ sequence: 1, lane: 1, size: 2, retries: 3, deadLettered: 1 },
        ...{ batchedAt: 1, transformedAt: 3, loadStartedAt: 4, endedAt: 9 },
      }],
      interval: 1,
      done: [0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
    });
  });

  it.each([
    [1, 1],
    [512, 1],
    [513, 2],
    [1024, 2],
    [1025, 4],
    [5000, 16],
  ])("of %i batches keeps one of %i", (count, every) => {
    const trace = new Trace(0);
    loadInTurn(trace, count);
    const { batches, ...read } = trace.read();
    expect(read.every).toBe(every);
    expect(batches.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: Math.ceil(count / every) }, (_, index) => index * every),
    );
  });

  it.each([
    [255, 1, 256],
    [256, 2, 129],
    [511, 2, 256],
    [512, 4, 129],
    [100_000, 512, 196],
  ])("of %i ms has intervals of %i ms", (time, interval, intervals) => {
    const trace = new Trace(0);
    trace.count(3, 0);
    trace.count(4, time);
    const { done, ...read } = trace.read();
    expect(read.interval).toBe(interval);
    expect(done).toHaveLength(intervals);
    expect([done[0], done.at(-1)]).toEqual([3, 4]);
  });

  it("stays small over a million batches, and counts every item", () => {
    const trace = new Trace(0);
    for (let round = 0; round < 1_000_000; round++) {
      trace.begin(round);
      trace.count(2, round + 0.5);
      trace.end(batch(round, round), round + 0.5);
      if (round % 9973 !== 0) continue;
      const { batches, done } = trace.read();
      expect(batches.length).toBeLessThanOrEqual(512);
      expect(done.length).toBeLessThanOrEqual(256);
      expect(done.reduce((sum, count) => sum + count)).toBe(2 * (round + 1));
    }
    const { every, interval, batches, done } = trace.read();
    expect([every, interval]).toEqual([2048, 4096]);
    expect(batches).toHaveLength(Math.ceil(1_000_000 / 2048));
    // Each interval but the last has as many as were done in it.
    expect(new Set(done.slice(0, -1))).toEqual(new Set([2 * interval]));
    expect(JSON.parse(JSON.stringify(trace.read()))).toEqual(trace.read());
  });

  it("assigns each load the lowest free lane", () => {
    const trace = new Trace(0);
    const lanes: number[] = [];
    const end = (sequence: number, loadStartedAt: number, now: number) => {
      trace.end(batch(sequence, loadStartedAt), now);
      lanes.push(trace.read().batches.at(-1)!.lane);
    };
    for (const sequence of [0, 1, 2]) trace.begin(sequence);
    end(1, 0, 5);
    trace.begin(3);
    end(3, 5, 6);
    end(0, 0, 7);
    end(2, 0, 8);
    trace.begin(4);
    end(4, 8, 9);
    expect(lanes).toEqual([1, 1, 0, 2, 0]);
    checkLanes(trace.read(), 3);
  });

  it("assigns no lane to a batch that needed no load", () => {
    const trace = new Trace(0);
    trace.begin(0);
    trace.end(batch(1, 1, 2), 2);
    trace.begin(2); // The first lane is still taken.
    trace.end(batch(0, 0), 9);
    trace.end(batch(2, 3), 9);
    const lanes = trace.read().batches.map(({ sequence, lane }) => [sequence, lane]);
    expect(lanes).toEqual([[1, 0], [0, 0], [2, 1]]);
  });

  it("keeps its size if only batches with even numbers have ended", () => {
    const trace = new Trace(0);
    for (let sequence = 0; sequence < 1200; sequence++) {
      if (sequence % 2 === 0) trace.end(batch(sequence, 1), 2);
      expect(trace.read().batches.length).toBeLessThanOrEqual(512);
    }
    const { every, batches } = trace.read();
    expect([every, batches.length]).toEqual([4, 300]);
  });

  it("returns a copy that belongs to the reader", () => {
    const trace = new Trace(0);
    loadInTurn(trace, 3);
    const read = trace.read();
    loadInTurn(trace, 5, 2);
    expect([read.batches.length, read.done.length]).toEqual([3, 4]);
  });
});
