import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl } from "../../../src/index.ts";
import { ScriptedSource, type SourceKind, sourceKinds } from "../../support/run/sources.ts";
import { after, untilAborted } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a load that never settles", () => {
  const cases = [1, 4, 16].flatMap((workers) =>
    [1, 100].flatMap((batchSize) =>
      (["none", "sync", "async", "stuck"] as const).map((transform) =>
        [workers, batchSize, transform] as const
      )
    )
  );

  it.each(cases)(
    "stops every source from being read: %i workers, batches of %i, transform %s",
    async (workers, batchSize, how) => {
      const most = batchSize * (3 * workers + 6);
      const stuck = (n: number, signal: AbortSignal) =>
        n >= batchSize * workers ? untilAborted(signal) : n;
      const transforms = {
        none: {},
        sync: { transform: (n: number) => n },
        async: { transform: async (n: number) => n },
        stuck: { transform: (n: number, { signal }: { signal: AbortSignal }) => stuck(n, signal) },
      };
      for (const kind of [...sourceKinds, "array"] as const) {
        const array = Array.from({ length: 2 * most }, (_, n) => n);
        const source = kind === "array" ? undefined : sourceOf(kind);
        const run = etl<number>({
          name: "stuck",
          extract: () => source?.source ?? array,
          ...transforms[how],
          load: (_, { signal }) => untilAborted(signal),
        }).start({ workers, batchSize, abortTimeout: 0 });
        await vi.advanceTimersByTimeAsync(100);
        const { extracted, loaded, pending } = run.snapshot();
        expect([loaded, pending]).toEqual([0, extracted]);
        expect(source?.given ?? extracted).toBe(extracted);
        expect(extracted).toBeLessThanOrEqual(most);
        expect(extracted).toBeGreaterThanOrEqual(batchSize * workers * 2); // All workers have work.
        await after(1, run.abort());
        expect(source?.given ?? extracted).toBe(extracted); // It is pulled no further.
      }
    },
  );

  function sourceOf(kind: SourceKind): ScriptedSource {
    return new ScriptedSource({ kind, reads: Infinity, end: "end", chunkSize: 1 });
  }
});
