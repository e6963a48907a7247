import { describe, expect, it, vi } from "vitest";
import { commitsTo } from "../../src/adapters/checkpoint.ts";
import {
  type CheckpointStore,
  ConfigurationError,
  describeGuarantee,
  etl,
  type Guarantee,
  MemoryCheckpointStore,
  type Pipeline,
  type RunOptions,
} from "../../src/index.ts";

const own = new MemoryCheckpointStore();
const other = new MemoryCheckpointStore();
const reasons = {
  acknowledged: "the source redelivers items loaded but not yet acknowledged",
  lost: "the source cannot be read again: items read but not yet loaded are lost",
  repeated: "without checkpoints, a repeated run loads all items again",
  between: "items loaded after the last checkpoint are loaded again: " +
    "the load does not commit its rows together with the checkpoint",
  skip: "rows and checkpoint are one commit, as long as " +
    "the source yields the same items in the same order",
  source: "rows and checkpoint are one commit, as long as extract begins at the checkpoint",
};

/** What is told beside the reason, where a sink and its checkpoints would do. */
const step = " (pass 'sink.load' itself or 'sink.wrap(…)', and 'sink.checkpoints')";
const stepAfter = (reason: string) =>
  reason === reasons.repeated || reason === reasons.between ? step : "";

/** A pipeline of which nothing is called, as it may be asked what it guarantees. */
function pipelineWith(
  members: Omit<Partial<Pipeline<number>>, "extract">,
  commits?: CheckpointStore,
): Pipeline<number> & { extract: ReturnType<typeof vi.fn<() => number[]>> } {
  const load = Object.assign(() => {}, commits && { [commitsTo]: commits });
  return { name: "numbers", extract: vi.fn(() => [1, 2]), load, ...members };
}

interface Case {
  readonly acknowledge: boolean;
  readonly replayable: boolean | undefined;
  readonly commits: CheckpointStore | undefined;
  readonly checkpoints: CheckpointStore | undefined;
  readonly resume: "skip" | "source" | undefined;
}

const cases: Case[] = [false, true].flatMap((acknowledge) =>
  [undefined, true, false].flatMap((replayable) =>
    [undefined, own].flatMap((commits) =>
      [undefined, own, other].flatMap((checkpoints) =>
        [undefined, "skip" as const, "source" as const].map((resume) => ({
          ...{ acknowledge, replayable, commits, checkpoints, resume },
        }))
      )
    )
  )
);

/** What a case guarantees, in a table of its own. */
function expectedOf(given: Case): { guarantee: Guarantee; reason: string } {
  const { acknowledge, replayable, commits, checkpoints, resume = "skip" } = given;
  const atLeastOnce = { guarantee: "at-least-once" } as const;
  if (acknowledge) return { ...atLeastOnce, reason: reasons.acknowledged };
  if (replayable === false) return { guarantee: "at-most-once", reason: reasons.lost };
  if (!checkpoints) return { ...atLeastOnce, reason: reasons.repeated };
  if (commits === undefined || commits !== checkpoints) {
    return { ...atLeastOnce, reason: reasons.between };
  }
  return { guarantee: "effectively-once", reason: reasons[resume] };
}

/** Checkpoints would drop new items in place of finished ones. */
function isRefused({ acknowledge, replayable, checkpoints }: Case): boolean {
  return checkpoints !== undefined && (acknowledge ? replayable !== true : replayable === false);
}

/** What an option asks for can be had. */
function isKept(wanted: Guarantee, { guarantee }: { guarantee: Guarantee }): boolean {
  return wanted === guarantee || guarantee === "effectively-once";
}

const levels: Guarantee[] = ["at-most-once", "at-least-once", "effectively-once"];

describe("the guarantee of a run", () => {
  const rows = cases.map((given) => {
    const { acknowledge, commits, checkpoints } = given;
    const shown = [
      acknowledge && "acknowledge",
      given.replayable === false && "not replayable",
      commits && "commits",
      checkpoints && (checkpoints === own ? "own store" : "other store"),
      given.resume && `resume ${given.resume}`,
    ].filter(Boolean);
    return [shown.join(", ") || "nothing", given] as const;
  });

  it.each(rows)("is derived: %s", async (_, given) => {
    const { acknowledge, replayable, commits, checkpoints, resume } = given;
    const members = { replayable, ...acknowledge && { acknowledge: () => {} } };
    const pipeline = pipelineWith(members, commits);
    const expected = expectedOf(given);
    const options: RunOptions<number> = { checkpoints, resume };
    expect(describeGuarantee(pipeline, options)).toEqual(expected);
    const numbers = etl(pipeline);
    expect(numbers.describe(options)).toEqual({ name: "numbers", ...expected });
    if (isRefused(given)) {
      const words = /as 'checkpoints' must be omitted if '(ack|repl).*would be dropped/;
      expect(() => etl(pipeline, options)).toThrow(ConfigurationError);
      expect(() => etl(pipeline, options)).toThrow(words);
      expect(() => numbers.start(options)).toThrow(words);
      await expect(numbers.run(options)).rejects.toThrow(words);
      expect(pipeline.extract).not.toHaveBeenCalled();
      return;
    }
    expect(etl(pipeline, options).describe()).toEqual({ name: "numbers", ...expected });
    for (const guarantee of levels) {
      const start = () => numbers.start({ checkpoints, resume: checkpoints && resume, guarantee });
      if (isKept(guarantee, expected)) continue;
      expect(start).toThrow(
        new ConfigurationError(
          `Cannot run pipeline "numbers" as 'guarantee' must be "${expected.guarantee}", ` +
            `as ${expected.reason}${stepAfter(expected.reason)}: current value is "${guarantee}"`,
        ),
      );
    }
    expect(pipeline.extract).not.toHaveBeenCalled();
    if (resume !== undefined && checkpoints === undefined) return; // No run takes that.
    const place = String(rows.findIndex(([, other]) => other === given));
    const partition = checkpoints && place;
    for (const guarantee of [undefined, ...levels.filter((level) => isKept(level, expected))]) {
      const report = await numbers.run({ ...options, guarantee, partition });
      expect(report).toMatchObject({ guarantee: expected.guarantee, outcome: "completed" });
    }
  });
});

describe("etl() with the option `guarantee`", () => {
  it("throws if no run could keep it", () => {
    const refused = (members: Partial<Pipeline<number>>, options: RunOptions<number>) => () =>
      etl(pipelineWith(members), options);
    const words = (kept: Guarantee, reason: string, wanted: Guarantee) =>
      new ConfigurationError(
        `Cannot create pipeline "numbers" as 'guarantee' must be "${kept}", as ${reason}: ` +
          `current value is "${wanted}"`,
      );
    expect(refused({}, { guarantee: "effectively-once" })).toThrow(
      words("at-least-once", reasons.repeated + step, "effectively-once"),
    );
    expect(refused({ replayable: false }, { guarantee: "at-least-once" })).toThrow(
      words("at-most-once", reasons.lost, "at-least-once"),
    );
    expect(refused({ acknowledge: () => {} }, { guarantee: "at-most-once" })).toThrow(
      words("at-least-once", reasons.acknowledged, "at-most-once"),
    );
    expect(refused({}, { guarantee: "effectively-once", checkpoints: other })).toThrow(
      words("at-least-once", reasons.between + step, "effectively-once"),
    );
  });

  it("is checked by the run if that may still bring the checkpoint store", async () => {
    const pipeline = etl(pipelineWith({}, own), { guarantee: "effectively-once" });
    expect(() => pipeline.start()).toThrow(ConfigurationError);
    await expect(pipeline.run({ checkpoints: other })).rejects.toThrow(ConfigurationError);
    const report = await pipeline.run({ checkpoints: own, partition: "late" });
    expect(report.guarantee).toBe("effectively-once");
  });

  it("can be overridden by a run", async () => {
    const pipeline = etl(pipelineWith({}), { guarantee: "at-least-once" });
    expect((await pipeline.run()).guarantee).toBe("at-least-once");
    expect(() => pipeline.start({ guarantee: "effectively-once" })).toThrow(ConfigurationError);
  });
});

it("the report of a run that failed has the guarantee too", async () => {
  const pipeline = etl(pipelineWith({ load: () => Promise.reject(new Error("no")) }));
  const error = await pipeline.run().catch((error) => error);
  expect(error.report).toMatchObject({ outcome: "failed", guarantee: "at-least-once" });
});
