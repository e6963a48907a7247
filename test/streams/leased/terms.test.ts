import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pipe } from "../../../src/adapters/operators.ts";
import {
  batched,
  chunks,
  leased,
  type LeaseOptions,
  MemoryCheckpointStore,
  type Source,
} from "../../../src/index.ts";
import { errorOf, lend, reportOf } from "../../support/run/lending.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const acknowledge = () => {};

describe("the terms of a leased source", () => {
  it("are no checkpoints, as new items would be dropped as finished; it is closed", async () => {
    const checkpoints = new MemoryCheckpointStore();
    let cancelled: unknown;
    const source = new ReadableStream<number>({ cancel: (reason) => void (cancelled = reason) });
    const { told, run } = lend(source, {}, {}, { checkpoints });
    const { cause } = await errorOf(run) as { cause: Error };
    expect(cause.message).toMatch(
      /^Cannot run pipeline "numbers" as 'checkpoints' must be omitted if the source is leased, /,
    );
    expect(cause.message).toContain("set 'replayable: true' on the pipeline if");
    expect(told).toEqual(["closed", "finalize"]);
    expect(cancelled).toBe(cause);
  });

  it("may be checkpoints where it can be read again", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const run = () => lend([1, 2, 3], { replayable: true }, {}, { checkpoints });
    expect(await reportOf(run().run)).toMatchObject({ loaded: 3, checkpoint: { offset: 3 } });
    const again = run();
    expect(await reportOf(again.run)).toMatchObject({ loaded: 0, earlier: 3 });
    expect(again.told).toEqual(["released 1,2,3", "closed", "finalize"]);
  });

  it("are not to be opened again", async () => {
    const { run } = lend([1], {}, {}, { retry: { extract: { maxAttempts: 2 } } });
    const { cause } = await errorOf(run) as { cause: Error };
    expect(cause.message).toMatch(
      /'retry.extract' must be omitted if the source is leased, as its items are lent once /,
    );
  });

  it("are also those of the source that it is made of", async () => {
    const checkTerms = () => "at-most-once";
    const { run } = lend(Object.assign(chunks([[1]]), { checkTerms }));
    expect((await reportOf(run)).guarantee).toBe("at-most-once");
  });

  it("fails the run where there is no source in it, and is closed", async () => {
    const { told, run } = lend("text" as unknown as Source<number>);
    const { cause } = await errorOf(run) as { cause: Error };
    expect(cause.message).toContain("'extract' must be a function that returns items");
    expect(told).toEqual(["closed", "finalize"]);
  });

  it.each<[string, unknown, string]>([
    ["nothing", {}, "'acknowledge' must be a function"],
    ["no function", { acknowledge, close: 1 }, "'close' must be a function"],
    ["an unknown one", { acknowledge, relase: acknowledge }, "a known option, perhaps 'release'"],
  ])("are functions: %s", (_, options, words) => {
    expect(() => leased([1], options as LeaseOptions<number>)).toThrow(words);
  });

  it("are kept by a run alone: whoever else reads it says so", () => {
    const queue = leased([1, 2], { acknowledge }) as unknown as Source<number>;
    const words = /must be .*a ReadableStream, an iterable/;
    expect(() => pipe(queue)).toThrow(words);
    expect(() => batched(queue, { batchSize: 1 })).toThrow(words);
  });
});
