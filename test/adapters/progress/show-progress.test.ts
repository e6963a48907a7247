import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { showProgress } from "../../../src/adapters/progress.ts";
import { ConfigurationError, etl } from "../../../src/index.ts";
import { errorOf, wait } from "../../support/run/time.ts";
import { RecordedBar } from "../../support/terminal/recorded-bar.ts";
import { RecordedOutput } from "../../support/terminal/recorded-output.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Starts a run that loads an item every 100 ms, ten of them. */
function tenItems(name = "ten") {
  const extract = () => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].values(); // Nobody knows how many.
  return etl<number>({ name, extract, load: () => wait(100) }).start();
}

describe("showProgress()", () => {
  const aRun = "'run' must be a run from start(), or an array of runs";
  it.each<[string, (run: unknown) => unknown[]]>([
    [`${aRun}: current value is null`, () => [null]],
    [`${aRun}: current value is an instance of Promise`, () => [[Promise.resolve()]]],
    [
      "'bar' must be an object with start(), update() and stop(): current value is an object",
      (run) => [run, { total: 9 }],
    ],
    [
      "'bar' must be a group with create() and stop() for several runs: current value is an " +
      "instance of RecordedBar",
      (run) => [[run], new RecordedBar()],
    ],
    [
      "'total' must be a number of at least 0 or a function: current value is -1",
      (run) => [run, undefined, { total: -1 }],
    ],
    [
      "'interval' must be a number above 0: current value is 0",
      (run) => [run, undefined, { interval: 0 }],
    ],
    [
      `'output' must be an object with write(): current value is "stderr"`,
      (run) => [run, undefined, { output: "stderr" }],
    ],
    ["'onError' must be a function: current value is 1", (run) => [run, undefined, { onError: 1 }]],
    [
      "'intervall' must be a known option, perhaps 'interval': current value is 1",
      (run) => [run, undefined, { intervall: 1 }],
    ],
  ])("rejects: %s", async (sentence, given) => {
    const run = tenItems();
    const error = await errorOf(Reflect.apply(showProgress, undefined, given(run)));
    expect(error).toEqual(new ConfigurationError(`Cannot show progress as ${sentence}`));
    await vi.advanceTimersByTimeAsync(5000);
  });

  it("shows nothing for no runs", async () => {
    const output = new RecordedOutput(true);
    await showProgress([], undefined, { output });
    expect(output.writes).toEqual([]);
  });
});
