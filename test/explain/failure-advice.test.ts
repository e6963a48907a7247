import { describe, expect, it } from "vitest";
import {
  etl,
  type EtlError,
  MemoryCheckpointStore,
  type Pipeline,
  type RunOptions,
} from "../../src/index.ts";
import type { RunFailure, RunReport } from "../../src/report-types.ts";
import { readNdjson } from "../../src/adapters/ndjson.ts";
import { explain } from "../../src/explain/explain.ts";
import { failureAdvice } from "../../src/explain/failure-advice.ts";
import { errorOf } from "../support/outcomes/error-of.ts";
import { runReport } from "../support/report/run-reports.ts";

const ten = () => Array.from({ length: 10 }, (_, index) => index);

/** What is advised for a run that fails. */
async function adviceOf(
  members: Partial<Pipeline<number>>,
  options: RunOptions<number> = {},
): Promise<string> {
  const pipeline = etl<number>({ name: "films", extract: ten, load: () => {}, ...members });
  const error = await errorOf(pipeline.run({ batchSize: 2, ...options })) as EtlError;
  return failureAdvice(error.report!).join(" ").trim();
}

/** What is advised for a report with a failure. */
function adviceFor(failure: Partial<RunFailure>, parts: Partial<RunReport> = {}): string {
  const whole = { stage: "load", message: "no", attempts: 1, ...failure } as const;
  const report = { outcome: "failed", loaded: 0, ...parts, failure: whole } as const;
  return failureAdvice(runReport(report)).join(" ").trim();
}

const onFourth = ([n]: readonly number[]) => n === 4 ? Promise.reject(new Error("no")) : undefined;

describe("the advice about a run that failed", () => {
  it("is dead letters for a batch that a load rejects", async () => {
    expect(await adviceOf({ load: onFourth })).toBe(
      "To load the others and set aside the items to blame, pass `deadLetters`. " +
        "Without `checkpoints`, the next run starts from the beginning.",
    );
  });

  it("says after how many items the next run goes on", async () => {
    const checkpoints = new MemoryCheckpointStore();
    expect(await adviceOf({ load: onFourth }, { checkpoints }))
      .toMatch(/ The next run goes on after what is finished: 4 items\.$/);
    expect(
      await adviceOf({ load: onFourth }, { checkpoints, deadLetters: new WritableStream() })
        .catch(() => ""),
    ).toBe("");
  });

  it("is to fix the most frequent reason if there are too many dead letters", async () => {
    const options = { deadLetters: new WritableStream(), maxDeadLetters: 2 };
    const load = () => Promise.reject(new Error("no"));
    expect(await adviceOf({ load }, options))
      .toMatch(/^Remove the most frequent reason first, or raise `maxDeadLetters`\./);
    const deadLetters = new WritableStream({ write: () => Promise.reject(new Error("full")) });
    expect(await adviceOf({ load }, { deadLetters }))
      .toMatch(/^The target of the dead letters failed\. No item was dropped for that\./);
  });

  it("is `attemptTimeout` for a call that takes too long", async () => {
    const load: Pipeline<number>["load"] = (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    expect(await adviceOf({ load }, { retry: { attemptTimeout: 5 } })).toBe(
      "Raise `attemptTimeout`, or lower `batchSize`, so that a call has less to do.",
    );
  });

  it('is `malformed: "item"` for a line that cannot be read', async () => {
    const extract = () => readNdjson<number>(new Blob(["1\n{\n"]));
    expect(await adviceOf({ extract })).toMatch(
      /^To set broken records aside, give the reader `malformed: "item"` and the run `deadLetters`\./,
    );
  });

  it("is that all was loaded, if only `postProcess` fails", async () => {
    const postProcess = () => Promise.reject(new Error("no"));
    expect(await adviceOf({ postProcess })).toMatch(/^All items had been loaded before\./);
    expect(await adviceOf({ preProcess: postProcess })).toBe("");
  });

  it.each<[Partial<RunFailure>, string]>([
    [{ code: "FENCED", stage: "checkpoints" }, "Another run has taken over this key. "],
    [{ code: "CHECKPOINT", stage: "checkpoints" }, "To start from the beginning, delete the che"],
    [{ code: "CONFIGURATION" }, "Correct what the message names. Another attempt does not help."],
    [{ code: "ECONNRESET" }, "Such a failure often passes: `retry` makes the call again."],
    [{ code: "40P01", stage: "extract" }, "Such a failure often passes: `retry` makes"],
    [{ code: "23505", batch: { sequence: 1, offset: 2, size: 3 } }, "To load the others and set "],
    [{ code: "constructor" }, ""],
  ])("follows from %o", (failure, words) => {
    const advice = adviceFor(failure);
    expect(advice.startsWith(words)).toBe(true);
    expect(explain(runReport({ outcome: "failed", failure: { ...base, ...failure } })))
      .toContain(words);
  });

  it("does not advise what was tried, or was on", () => {
    expect(adviceFor({ code: "ECONNRESET", attempts: 5 })).toBe(
      "No item is to blame for such a failure. More `maxAttempts` or a longer `baseDelay` wait for " +
        "it to pass.",
    );
    const batch = { sequence: 1, offset: 2, size: 3 };
    const deadLetterReasons = [{ message: "no", stage: "load", count: 1, offset: 0 }] as const;
    expect(adviceFor({ batch }, { deadLetterReasons })).toBe("");
  });
});

const base: RunFailure = { stage: "load", message: "no", attempts: 1 };
