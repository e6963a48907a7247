import { describe, expect, it, vi } from "vitest";
import { ConfigurationError } from "../../../src/errors.ts";
import { MemoryCheckpointStore } from "../../../src/checkpoints/memory-checkpoint-store.ts";
import type { RunOptions } from "../../../src/pipeline/run-options.ts";
import type { Pipeline } from "../../../src/pipeline/pipeline.ts";
import { replay } from "../../../src/etl/replay.ts";
import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";
import { chunks } from "../../../src/streams/chunks.ts";
import type { Source } from "../../../src/streams/source.ts";
import { letterOf } from "../../support/dead-letters/letters.ts";
import { turns } from "../../support/outcomes/outcome.ts";

/** A pipeline that notes what is called. */
function record() {
  const calls: unknown[] = [];
  const loaded: string[] = [];
  const pipeline: Pipeline<number, string> = {
    name: "numbers",
    extract: () => expect.fail(),
    transform: (item) => (calls.push(item), `#${item}`),
    load: (rows) => void loaded.push(...rows),
  };
  return { calls, loaded, pipeline };
}

describe("replay() of what is not a dead letter", () => {
  const row = { item: '{"id":1}', row: null, stage: "load", item_offset: 0, run_id: "1" };
  const noLetters: [unknown, string][] = [
    [1, "1"],
    [undefined, "undefined"],
    [null, "null"],
    ['{"item":1}', String.raw`"{\"item\":1}"`],
    [[letterOf(1)], "an array of 1"],
    [{ stage: "load" }, "an object"],
    [{ item: 1 }, "an object"],
    [letterOf(1, { stage: "preProcess" as never }), "an object"],
    [row, "an object"],
    [new Error("no"), "an instance of Error"],
  ];

  it.each(noLetters)(
    "rejects %o, and says how to get a dead letter",
    async (given, shown) => {
      const { calls, loaded, pipeline } = record();
      const failure = replay([letterOf(1), given as never], pipeline).run();
      const rule = "a DeadLetter (read them with readDeadLetters())";
      const refusal = new ConfigurationError(
        `Cannot replay pipeline "numbers" as 'letters[1]' must be ${rule}: current value is ${shown}`,
      );
      await expect(failure).rejects.toMatchObject({ stage: "extract", cause: refusal });
      expect([calls, loaded]).toEqual([[], []]);
    },
  );

  it("accepts letters with inherited members, and items of undefined", async () => {
    class Letter {
      get item(): unknown {
        return 7;
      }
    }
    const inherited = Object.assign(new Letter(), { stage: "transform" });
    const bare = Object.assign(Object.create(null), letterOf(undefined));
    const { loaded, pipeline } = record();
    await replay([inherited as never, bare], pipeline).run();
    expect(loaded).toEqual(["#7", "#undefined"]);
  });

  const brokenSources = (end: () => void): [string, Source<unknown>][] => {
    const given = [letterOf(1), 5, letterOf(3)];
    const items = function* () {
      try {
        yield* given;
      } finally {
        end();
      }
    };
    const later = async function* () {
      try {
        yield* given;
      } finally {
        await Promise.resolve();
        end();
      }
    };
    const rest = [...given];
    const stream = new ReadableStream({
      pull: (output) => rest.length > 0 ? output.enqueue(rest.shift()) : output.close(),
      cancel: end,
    });
    return [["a generator", items()], ["an async generator", later()], ["a stream", stream]];
  };

  it.each([0, 1, 2])(
    "loads the letters before the invalid one, and stops %i",
    async (n) => {
      const end = vi.fn();
      const [, source] = brokenSources(end)[n]!;
      const { loaded, pipeline } = record();
      const failure = replay(source as never, pipeline).run();
      await expect(failure).rejects.toThrow("'letters[1]' must be a DeadLetter");
      expect([loaded, end.mock.calls.length]).toEqual([["#1"], 1]);
      if (n === 2) expect((source as ReadableStream).locked).toBe(false);
    },
  );

  it.each([0, 1, 2])("reports the invalid letter if stopping the source %i fails", async (n) => {
    const end = () => {
      throw new Error("cannot stop");
    };
    const failure = replay(brokenSources(end)[n]![1] as never, record().pipeline).run();
    await expect(failure).rejects.toThrow("'letters[1]' must be a DeadLetter");
  });

  it.each([undefined, {}, { done: false, value: 5 }])(
    "accepts %o as the answer of an iterator that has ended",
    async (answer) => {
      const end = vi.fn(() => Promise.resolve(answer as never));
      const next = () => Promise.resolve({ done: false as const, value: letterOf(1) });
      const source = { [Symbol.asyncIterator]: () => ({ next, return: end }) };
      const run = replay(source, record().pipeline).start();
      await turns();
      expect(await run.drain()).toMatchObject({ outcome: "drained" });
      expect(end).toHaveBeenCalledTimes(1);
    },
  );

  it("rejects chunks of letters, and chunks that are not arrays", async () => {
    const run = (given: unknown[]) =>
      replay(chunks(given as DeadLetter<number>[][]), record().pipeline).run();
    await expect(run([[letterOf(1), letterOf(2)], [], [5]])).rejects.toThrow(
      "'letters[2]' must be a DeadLetter",
    );
    await expect(run([letterOf(1)])).rejects.toThrow("'chunk' must be an array");
  });

  it.each<[string, RunOptions<number>]>([
    ["checkpoints", { checkpoints: new MemoryCheckpointStore() }],
    ["resume", { resume: "skip" }],
    ["guarantee", { guarantee: "at-least-once" }],
  ])("rejects the option '%s', which would have no effect", async (name, options) => {
    const { calls, pipeline } = record();
    await expect(replay([letterOf(1)], pipeline).run(options)).rejects.toThrow(
      `Cannot run pipeline "numbers" as '${name}' must be omitted in a replay, ` +
        "which has no checkpoints: current value is ",
    );
    expect(calls).toEqual([]);
  });

  it("throws for a value that is not a pipeline", () => {
    expect(() => replay([], {} as never)).toThrow(ConfigurationError);
    expect(() => replay([], null as never)).toThrow("'pipeline' must be an object");
  });
});
