import { describe, expect, it } from "vitest";
import { etl } from "../../../src/etl/etl.ts";
import type { LoadContext } from "../../../src/pipeline/pipeline.ts";
import { EtlManager } from "../../../src/manager/manager.ts";
import { replay } from "../../../src/etl/replay.ts";
import type { DeadLetter } from "../../../src/dead-letters/dead-letter.ts";
import { chunks } from "../../../src/streams/chunks.ts";
import type { Source } from "../../../src/streams/source.ts";
import { letterOf } from "../../support/dead-letters/letters.ts";
import { expected, letters, record } from "../../support/dead-letters/replayed-letters.ts";
import { turns } from "../../support/outcomes/outcome.ts";
import { FedStream, streamOf } from "../../support/streams/streams.ts";

describe("replay()", () => {
  it("feeds each letter back from the stage that failed", async () => {
    const { calls, loaded, pipeline } = record();
    const report = await replay(letters, pipeline).run({ batchSize: 3 });
    expect(loaded).toEqual(expected);
    expect(calls).toEqual([1, 3, 5]);
    expect(report).toMatchObject({ name: "numbers", extracted: 5, loaded: 5, batches: 2 });
  });

  it("loads the items of a pipeline without a transform", async () => {
    const { loaded, pipeline } = record();
    delete pipeline.transform;
    await replay(letters, pipeline).run({ batchSize: 5 });
    expect(loaded).toEqual([1, "two", 3, undefined, 5]);
  });

  const sources: [string, () => Source<DeadLetter<number>>][] = [
    ["an array", () => letters],
    ["a set", () => new Set(letters)],
    ["a stream", () => streamOf(letters)],
    ["a generator", () => letters.values()],
    ["an async generator", () => asyncOf(letters)],
    ["chunks of arrays", () => chunks([letters.slice(0, 2), [], letters.slice(2)])],
    ["a stream of arrays", () => chunks(streamOf([letters]))],
    ["arrays, later", () => chunks(asyncOf([letters]))],
  ];
  async function* asyncOf<I>(items: Iterable<I>): AsyncGenerator<I> {
    for (const item of items) yield await item;
  }

  it.each(sources)("reads letters from %s", async (_, make) => {
    const { loaded, pipeline } = record();
    await replay(make(), pipeline).run({ batchSize: 2 });
    expect(loaded).toEqual(expected);
  });

  it.each([5, null, { letters }])("rejects %o, which is not a source", async (source) => {
    const replaying = replay(source as never, record().pipeline);
    const rule = "'letters' must be a ReadableStream, an iterable, or one of them in chunks()";
    await expect(replaying.run()).rejects.toThrow(`Cannot replay pipeline "numbers" as ${rule}`);
  });

  it("cancels a stream of letters, even while a read is pending", async () => {
    const fed = new FedStream<DeadLetter<number>>();
    const run = replay(fed.stream, record().pipeline).start();
    await turns();
    await run.drain();
    expect(fed.cancelled.length).toBe(1);
    expect(fed.stream.locked).toBe(false);
  });

  it("returns an iterator of letters, even while a read is pending", async () => {
    const ends: string[] = [];
    for (const isAsync of [true, false]) {
      const end = { done: true as const, value: undefined };
      const source = isAsync
        ? {
          [Symbol.asyncIterator]: () => {
            let stop = () => {};
            const next = () => new Promise<typeof end>((resolve) => stop = () => resolve(end));
            return { next, return: async () => (stop(), ends.push("async"), end) };
          },
        }
        : {
          [Symbol.iterator]: () => ({
            next: () => ({ done: false as const, value: letterOf(1) }),
            return: () => (ends.push("sync"), end),
          }),
        };
      const run = replay(source, record().pipeline).start();
      await turns();
      await run.drain();
    }
    expect(ends).toEqual(["async", "sync"]);
  });

  it("fails with the error of its letters", async () => {
    const error = new Error("torn line");
    const fed = new FedStream<DeadLetter<number>>();
    fed.fail(error);
    const failure = replay(fed.stream, record().pipeline).run();
    await expect(failure).rejects.toMatchObject({ stage: "extract", cause: error });
  });

  it("keeps the name and the defaults of the pipeline", async () => {
    const { pipeline } = record();
    const sizes: number[] = [];
    const load = (_: string[], { batch }: LoadContext) => void sizes.push(batch.size);
    const sized: number[] = [];
    const sizeOf = (item: number) => sized.push(item);
    const given = etl({ ...pipeline, load }, { batchSize: 4, maxBytes: 99, sizeOf });
    const replaying = replay(letters, given);
    await replaying.run();
    expect([replaying.name, sizes, sized]).toEqual(["numbers", [4, 1], [1, 2, 3, 4, 5]]);
  });

  it("replays the letters of a replay", async () => {
    const { loaded, pipeline } = record();
    await replay(letters, replay([], pipeline)).run({ batchSize: 2 });
    expect(loaded).toEqual(expected);
  });

  it("dead-letters items that fail again with their original offset", async () => {
    const keep = (kept: DeadLetter<number>[]) => () =>
      new WritableStream<DeadLetter<number>>({ write: (letter) => void kept.push(letter) });
    const poisons = new Map<unknown, string>([[3, "transform"], ["#5", "load"]]);
    const check = (value: unknown) => {
      if (poisons.has(value)) throw new Error(`no ${value}`);
    };
    const numbers = etl<number, string>({
      name: "numbers",
      extract: () => [1, 2, 3, 4, 5, 6],
      transform: (item) => (check(item), `#${item}`),
      load: (rows) => rows.forEach(check),
    }, { batchSize: 4 });
    let letters: DeadLetter<number>[] = [];
    await numbers.run({ deadLetters: keep(letters) });
    for (const attempts of [1, 2, 3]) {
      const facts = letters.map((one) => [one.item, one.row, one.stage, one.attempts, one.offset]);
      expect(facts).toEqual([
        [3, undefined, "transform", attempts, 2],
        [5, "#5", "load", attempts, 4],
      ]);
      const again: DeadLetter<number>[] = [];
      const report = await replay(letters, numbers).run({ deadLetters: keep(again) });
      expect(report).toMatchObject({ extracted: 2, deadLettered: 2 });
      letters = again;
    }
    poisons.clear();
    const report = await replay(letters, numbers).run({ deadLetters: keep([]) });
    expect(report).toMatchObject({ extracted: 2, loaded: 2 });
  });

  it("writes no checkpoints, even if the run asks for them", async () => {
    const refuse = () => expect.fail();
    const checkpoints = { read: refuse, write: refuse, claim: refuse, release: refuse };
    const { loaded, pipeline } = record();
    const replaying = replay(letters, etl(pipeline, { checkpoints }));
    await replaying.run();
    await new EtlManager({ checkpoints }).add(replaying).runAll();
    expect(loaded).toEqual([...expected, ...expected]);
  });
});
