import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { etl } from "../../src/etl/etl.ts";
import { after } from "../support/run/time.ts";
import { storeAt } from "../support/run/resume.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("a run begins no batch for items of an iterator that are all finished", async () => {
  const sequences: number[] = [];
  const run = etl<number>({
    name: "numbers",
    extract: function* () {
      for (let n = 0; n < 102; n++) {
        vi.advanceTimersByTime(11); // Longer than the time of a batch.
        yield n;
      }
    },
    load: (_, { batch }) => void sequences.push(batch.sequence),
  }).run({ checkpoints: storeAt(100), batchSize: 100, timeout: 10 });
  expect((await after(5000, run)).value).toMatchObject({ loaded: 2 });
  expect(sequences[0]).toBe(0);
});
