import { describe, expect, it } from "vitest";
import {
  ConfigurationError,
  etl,
  EtlManager,
  MemoryCheckpointStore,
  type Pipeline,
  replay,
  type RunOptions,
} from "../../src/index.ts";
import { errorOf } from "../support/outcomes/error-of.ts";

const members = { name: "films", extract: () => [1, 2], load: () => {} };
const films = (more: Partial<Pipeline<number>> = {}, defaults: RunOptions<number> = {}) =>
  etl<number>({ ...members, ...more }, defaults);

const deadLetters = { deadLetters: () => new WritableStream() };
const checkpoints = () => ({ checkpoints: new MemoryCheckpointStore() });
const observer = { observer: () => {} };
const onProgress = { onProgress: () => {} };

type Case = readonly [given: RunOptions<number>, name: string, partner: () => RunOptions<number>];
const cases: Case[] = [
  [{ isolate: "none" }, "isolate", () => deadLetters],
  [{ isolate: "bisect" }, "isolate", () => deadLetters],
  [{ isolationBudget: 5 }, "isolationBudget", () => deadLetters],
  [{ maxDeadLetters: 5 }, "maxDeadLetters", () => deadLetters],
  [{ maxDeadLetters: { ratio: 0.5, window: 10 } }, "maxDeadLetters", () => deadLetters],
  [{ position: (n) => n }, "position", checkpoints],
  [{ resume: "source" }, "resume", checkpoints],
  [{ resume: "skip" }, "resume", checkpoints],
  [{ partition: "a" }, "partition", checkpoints],
  [{ lease: 500 }, "lease", checkpoints],
  [{ stallTimeout: 500 }, "stallTimeout", () => observer],
  [{ progressInterval: 500 }, "progressInterval", () => onProgress],
];

describe("an option without effect", () => {
  it.each(cases)("is rejected: %o", async (given, name, partner) => {
    const [needed] = Object.keys(partner());
    const words = `Cannot run pipeline "films" as '${name}' must be omitted without '${needed}': `;
    expect(() => films().start(given)).toThrow(ConfigurationError);
    expect(() => films().start(given)).toThrow(words);
    expect(String(await errorOf(films().run(given)))).toContain(words);
    expect(() => films({}, given).start()).toThrow(words);
    expect(String(await errorOf(new EtlManager().add(films({}, given)).runAll()))).toContain(words);
  });

  it.each(cases)(
    "is accepted with the option that it needs, wherever that comes from: %o",
    async (given, _, partner) => {
      const runs = [
        films().run({ ...given, ...partner() }),
        films({}, given).run(partner()),
        films({}, partner()).run(given),
        films({}, { ...given, ...partner() }).run(),
      ];
      for (const report of await Promise.all(runs)) expect(report.outcome).toBe("completed");
      const manager = new EtlManager(partner()).add(films({}, given));
      expect((await manager.runAll()).outcome).toBe("completed");
    },
  );

  it.each(cases)("is accepted if pipelines of a manager share it: %o", async (given) => {
    const shared = given as object;
    expect((await new EtlManager(shared).add(films()).runAll()).outcome).toBe("completed");
  });

  it.each([
    [{ maxDeadLetters: Infinity, stallTimeout: Infinity, progressInterval: Infinity }],
    [{ position: undefined, resume: undefined, isolate: undefined, concurrency: undefined }],
    [{ retry: { maxAttempts: 1, baseDelay: 5 } }],
  ])("is accepted if it is no limit, undefined, or the default: %o", async (options) => {
    expect((await films().run(options)).outcome).toBe("completed");
  });

  it("is `isolationBudget` where nothing is isolated", async () => {
    const words = `'isolationBudget' must be omitted if 'isolate' is "none": current value is 5`;
    const none = { ...deadLetters, isolate: "none" } as const;
    expect(() => films().start({ ...none, isolationBudget: 5 })).toThrow(words);
    expect(() => films({}, none).start({ isolationBudget: 5 })).toThrow(words);
    // One run may do without what is the default of all.
    expect((await films({}, { isolationBudget: 5 }).run(none)).outcome).toBe("completed");
  });

  it.each([
    [{ transformBatch: (items: number[]) => items }, "if 'transformBatch' is given"],
    [{}, "without 'transform'"],
  ])("rejects `concurrency` if there is no `transform`", (more, words) => {
    const rule = `as 'concurrency' must be omitted ${words}`;
    expect(() => films(more).start({ concurrency: 4 })).toThrow(
      `Cannot run pipeline "films" ${rule}`,
    );
    // That no run can change.
    expect(() => films(more, { concurrency: 4 })).toThrow(`Cannot create pipeline "films" ${rule}`);
  });

  it("accepts `concurrency` with a `transform`, and from a manager", async () => {
    const transform = (n: number) => n;
    expect((await films({ transform }, { concurrency: 4 }).run()).outcome).toBe("completed");
    const transformBatch = (items: number[]) => items;
    const manager = new EtlManager({ concurrency: 4 }).add(films({ transformBatch }));
    expect((await manager.runAll()).outcome).toBe("completed");
  });

  it.each(
    [
      [{ baseDelay: 5 }, "baseDelay"],
      [{ maxDelay: 5 }, "maxDelay"],
      [{ factor: 3 }, "factor"],
      [{ jitter: "none" }, "jitter"],
      [{ load: { baseDelay: 5 }, transform: { maxAttempts: 3 } }, "baseDelay"],
    ] as const,
  )("rejects a delay between attempts without attempts: %o", (retry, name) => {
    const words = `'retry.${name}' must be omitted without 'maxAttempts', which is 1: `;
    expect(() => films().start({ retry })).toThrow(words);
    expect(() => films({}, { retry }).start()).toThrow(words);
  });

  it("is rejected before anything is called", async () => {
    let calls = 0;
    const pipeline = films({ preProcess: () => calls++, extract: () => (calls++, []) });
    await errorOf(pipeline.run({ position: (n) => n }));
    expect(calls).toBe(0);
  });

  it("of its pipeline does not prevent a replay of dead letters", async () => {
    const options = { ...checkpoints(), position: (n: number) => n, resume: "source" } as const;
    const replayed = replay([], films({}, options));
    expect((await replayed.run()).outcome).toBe("completed");
  });
});
