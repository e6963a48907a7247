import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ConfigurationError,
  etl,
  EtlManager,
  type Pipeline,
  type RunOptions,
} from "../../../src/index.ts";
import { KeptLetters } from "../../support/dead-letters/kept-letters.ts";
import { after, wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const attempts = "a positive integer or Infinity";
const atLeast0 = "a number of at least 0";
const above0 = "a number above 0";
const store = "a CheckpointStore, with 'read' and 'write'";
const stream = "a WritableStream, or a function that returns one";
const limit = "a non-negative integer, Infinity, or { ratio, window } with a ratio above 0 and " +
  "up to 1 and a positive integer as window";
const levels = `"at-most-once" or "at-least-once" or "effectively-once"`;
const each = (name: string, rule: string, values: [unknown, string][]): [object, string][] =>
  values.map(([value, shown]) => [
    { [name]: value },
    `'${name}' must be ${rule}: current value is ${shown}`,
  ]);
const inRetry = (options: object, rule: string): [object, string][] =>
  [options, { transform: options }, { load: options }].map((retry) => [{ retry }, rule]);

const wrong: [object, string][] = [
  ...each("retry", "an object", [[3, "3"], [null, "null"], ["twice", `"twice"`], [true, "true"]]),
  ...inRetry({ maxAttempts: 0 }, `'maxAttempts' must be ${attempts}: current value is 0`),
  ...inRetry({ maxAttempts: 1.5 }, `'maxAttempts' must be ${attempts}: current value is 1.5`),
  ...inRetry({ baseDelay: -1 }, `'baseDelay' must be ${atLeast0}: current value is -1`),
  ...inRetry({ maxDelay: "1" }, `'maxDelay' must be ${atLeast0}: current value is "1"`),
  ...inRetry({ factor: 0 }, `'factor' must be ${above0}: current value is 0`),
  ...inRetry({ jitter: true }, `'jitter' must be "full" or "none": current value is true`),
  ...inRetry({ isRetriable: 1 }, "'isRetriable' must be a function: current value is 1"),
  ...inRetry({ attemptTimeout: 0 }, `'attemptTimeout' must be ${above0}: current value is 0`),
  ...inRetry(
    { maxAttempt: 3 },
    "'maxAttempt' must be a known option, perhaps 'maxAttempts': current value is 3",
  ),
  ...each("transform", "an object", [[2, "2"], [null, "null"]]).map(([transform, rule]) =>
    [{ retry: transform }, rule] as [object, string]
  ),
  [
    { retry: { load: [], transfrom: {} } },
    "'transfrom' must be a known option, perhaps 'transform': current value is an object",
  ],
  [
    { retry: { transfrom: {} } },
    "'transfrom' must be a known option, perhaps 'transform': current value is an object",
  ],
  [
    { retry: { laod: {} } },
    "'laod' must be a known option, perhaps 'load': current value is an object",
  ],
  ...each("attemptTimeout", above0, [[0, "0"], [NaN, "NaN"], ["1s", `"1s"`]]),
  ...each("deadLetters", stream, [[{}, "an object"], [null, "null"], [[], "an array of 0"]]),
  ...each("isolate", `"bisect" or "none"`, [["halve", `"halve"`], [false, "false"]]),
  ...each("isolationBudget", attempts, [[0, "0"], [1.5, "1.5"], [-1, "-1"], ["9", `"9"`]]),
  ...each("maxDeadLetters", limit, [
    [-1, "-1"],
    [1.5, "1.5"],
    [NaN, "NaN"],
    ["9", `"9"`],
    [null, "null"],
    [{ ratio: 0.1 }, "an object"],
    [{ ratio: 0, window: 9 }, "an object"],
    [{ ratio: 1.1, window: 9 }, "an object"],
    [{ ratio: 0.1, window: 0 }, "an object"],
  ]),
  ...each("checkpoints", store, [[{}, "an object"], [{ read: () => {} }, "an object"], [7, "7"]]),
  ...each("position", "a function", [["id", `"id"`], [null, "null"]]),
  ...each("resume", `"skip" or "source"`, [["again", `"again"`], [true, "true"]]),
  ...each("partition", "a non-empty string", [["", `""`], [1, "1"]]),
  ...each("lease", above0, [[0, "0"], [-1, "-1"], [null, "null"]]),
  ...each("guarantee", levels, [["exactly-once", `"exactly-once"`], [1, "1"]]),
  ...each("rateLimit", "an object", [[100, "100"], [null, "null"], ["fast", `"fast"`]]),
  [
    { rateLimit: { limit: 0, interval: 1 } },
    "'limit' must be a positive integer: current value is 0",
  ],
  [
    { rateLimit: { limit: 1 } },
    "'interval' must be a finite number above 0: current value is undefined",
  ],
  [
    { rateLimit: { limit: 1, intervall: 1 } },
    "'intervall' must be a known option, perhaps 'interval': current value is 1",
  ],
  [
    { deadletters: 1 },
    "'deadletters' must be a known option, perhaps 'deadLetters': current value is 1",
  ],
  [{ retries: 3 }, "'retries' must be a known option, perhaps 'retry': current value is 3"],
];

describe("options for retries, dead letters and checkpoints", () => {
  it.each(wrong)(
    "%o are rejected with the whole sentence before anything is called",
    (options, rule) => {
      const call = vi.fn(() => []);
      const pipeline: Pipeline<number> = { name: "untouched", extract: call, load: call };
      const refused = (action: string) => new ConfigurationError(`Cannot ${action} as ${rule}`);
      const untried = etl(pipeline);
      expect(() => etl(pipeline, options)).toThrow(refused('create pipeline "untouched"'));
      expect(() => untried.start(options)).toThrow(refused('run pipeline "untouched"'));
      expect(() => untried.describe(options)).toThrow(refused('describe pipeline "untouched"'));
      expect(() => new EtlManager(options)).toThrow(refused("construct EtlManager"));
      expect(call).not.toHaveBeenCalled();
    },
  );

  it.each<[RunOptions<number>]>([
    [{ retry: {} }],
    [{ retry: { transform: undefined, load: undefined } }],
    [{ retry: { load: { maxAttempts: Infinity, attemptTimeout: undefined } } }],
    [{ isolationBudget: Infinity, maxDeadLetters: Infinity }],
    [{ deadLetters: new WritableStream(), maxDeadLetters: 0 }],
    [{ deadLetters: new WritableStream(), maxDeadLetters: { ratio: 1, window: 1 } }],
    [{ retry: undefined, deadLetters: undefined, rateLimit: undefined, checkpoints: undefined }],
  ])("%o are accepted", async (options) => {
    const load = vi.fn();
    const { state } = await after(10, etl({ name: "fine", extract: () => [1], load }).run(options));
    expect([state, load.mock.calls.length]).toEqual(["fulfilled", 1]);
  });
});

const failure = new Error("no");
const patient = { maxAttempts: 3, baseDelay: 0 };

/** How often a transform and a load are called that always fail. */
async function callsOf(
  run: (pipeline: Pipeline<number>) => Promise<unknown>,
): Promise<[transforms: number, loads: number]> {
  const transform = vi.fn(() => Promise.reject(failure));
  const load = vi.fn(() => Promise.reject(failure));
  const members = { name: "layers", extract: () => [1], load: () => {} };
  await after(1000, run({ ...members, transform }));
  await after(1000, run({ ...members, load }));
  return [transform.mock.calls.length, load.mock.calls.length];
}

describe("the option `retry`", () => {
  it.each<[string, [number, number], RunOptions<number>, RunOptions<number>?, object?]>([
    ["is none by itself", [1, 1], {}],
    ["holds for both stages", [3, 3], { retry: patient }],
    ["holds for the stage that it is given for", [3, 1], { retry: { transform: patient } }],
    ["holds for each stage on its own", [2, 3], {
      retry: { transform: { ...patient, maxAttempts: 2 }, load: patient },
    }],
    ["comes from the defaults of the pipeline", [3, 3], {}, { retry: patient }],
    ["is replaced as a whole by that of the run", [1, 3], { retry: { load: patient } }, {
      retry: { transform: patient },
    }],
    ["comes from the manager", [3, 3], {}, {}, { retry: patient }],
    ["of the pipeline wins over that of the manager", [2, 1], {}, {
      retry: { transform: { ...patient, maxAttempts: 2 } },
    }, { retry: patient }],
  ])("%s", async (_, calls, options, defaults = {}, shared?: object) => {
    const made = await callsOf((pipeline) => {
      const numbers = etl(pipeline, defaults);
      return shared ? new EtlManager(shared).add(numbers).runAll() : numbers.run(options);
    });
    expect(made).toEqual(calls);
  });

  it("takes attemptTimeout from the option beside it, unless it has its own", async () => {
    const slow = (delay: number) => ({ load: () => wait(delay) });
    const timed = async (delay: number, ...layers: RunOptions<number>[]) => {
      const pipeline = { name: "slow", extract: () => [1], ...slow(delay) };
      return (await after(1000, etl<number>(pipeline, layers[1]).run(layers[0]))).state;
    };
    expect(await timed(50, { attemptTimeout: 40 })).toBe("rejected");
    expect(await timed(50, { attemptTimeout: 40, retry: { attemptTimeout: 60 } })).toBe(
      "fulfilled",
    );
    expect(await timed(50, { attemptTimeout: 40, retry: { load: { attemptTimeout: 60 } } })).toBe(
      "fulfilled",
    );
    expect(await timed(50, { retry: { transform: { attemptTimeout: 40 } } })).toBe("fulfilled");
    expect(await timed(50, {}, { attemptTimeout: 40 })).toBe("rejected");
    expect(await timed(50, { attemptTimeout: 60 }, { attemptTimeout: 40 })).toBe("fulfilled");
  });
});

describe("options for retries, dead letters and checkpoints", () => {
  it("come from the run, then the pipeline, then the manager", async () => {
    const load = (rows: number[]) => rows.includes(2) ? Promise.reject(failure) : undefined;
    const pipeline = { name: "layers", extract: () => [1, 2, 3, 4], load };
    const [own, given] = [new KeptLetters(), new KeptLetters()];
    const defaults = { deadLetters: own.stream, isolate: "none", batchSize: 4 } as const;
    await after(100, etl<number>(pipeline, defaults).run());
    expect(own.items).toEqual([1, 2, 3, 4]);
    await after(100, etl<number>(pipeline, defaults).run({ deadLetters: given.stream }));
    expect(given.items).toEqual([1, 2, 3, 4]);
    await after(100, etl<number>(pipeline, defaults).run({ isolate: "bisect" }));
    expect(own.items).toEqual([1, 2, 3, 4, 2]);
    const letters = new KeptLetters<unknown>();
    const manager = new EtlManager({ batchSize: 4, isolate: "none", deadLetters: letters.stream });
    await after(100, manager.add(etl<number>(pipeline)).runAll());
    expect(letters.items).toEqual([1, 2, 3, 4]);
  });
});
