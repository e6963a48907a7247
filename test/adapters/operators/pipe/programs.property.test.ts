import fc from "fast-check";
import { expect, it } from "vitest";
import { type Chunks, chunks, type Source } from "../../../../src/index.ts";
import { type Operator, pipe } from "../../../../src/adapters/operators.ts";
import { anySample, itemOf, modelled } from "../../../support/operators/programs.ts";
import { runsOf } from "../../../support/operators/runs.ts";
import { streamOf } from "../../../support/streams/streams.ts";

const failure = new Error("source");

function* failing<T>(items: readonly T[], isFailing: boolean): Generator<T> {
  yield* items;
  if (isFailing) throw failure;
}

async function* waiting<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    for (let turn = 0; turn < 30; turn += 10) await undefined;
    yield item;
  }
}

/** Cuts items into arrays of the given sizes, which may be 0. */
function cut(items: readonly number[], sizes: readonly number[]): number[][] {
  const left = [...items];
  const given = sizes.map((size) => left.splice(0, size));
  return [...given, left];
}

const kinds = [
  "array",
  "sync",
  "async",
  "stream",
  "sync chunks",
  "async chunks",
  "stream chunks",
  "pipe",
] as const;

function sourceOf(
  kind: typeof kinds[number],
  items: readonly number[],
  sizes: readonly number[],
  isFailing: boolean,
): Source<number> {
  if (kind === "array" && !isFailing) return [...items];
  if (kind === "async") return waiting(failing(items, isFailing));
  if (kind === "stream") return streamOf(failing(items, isFailing));
  const arrays = failing(cut(items, sizes), isFailing);
  if (kind === "sync chunks") return chunks(arrays);
  if (kind === "async chunks") return chunks(waiting(arrays));
  if (kind === "stream chunks") return chunks(streamOf(arrays));
  return kind === "pipe" ? pipe(chunks(arrays)) : failing(items, isFailing);
}

/** All items of a source, with malformed ones as negative numbers, and the error it ended with. */
async function allOf(source: Chunks<number>): Promise<{ items: number[]; error: unknown }> {
  const items: number[] = [];
  try {
    for await (const chunk of source.source) {
      for (const item of chunk as unknown[]) {
        items.push(item instanceof Error ? (item as Error & { raw: number }).raw : item as number);
      }
    }
    return { items, error: undefined };
  } catch (error) {
    return { items, error };
  }
}

const pipeAll = pipe as (
  source: Source<number>,
  ...operators: readonly Operator<number, number>[]
) => Chunks<number>;

it("gives what arrays would, whatever the operators, the kind of source and its chunks", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anySample, { maxLength: 10 }),
      fc.array(fc.integer({ min: -20, max: 200 }), { maxLength: 30 }),
      fc.array(fc.nat(6), { maxLength: 6 }),
      fc.constantFrom(...kinds),
      fc.boolean(),
      async (samples, items, sizes, kind, isFailing) => {
        const source = sourceOf(kind, items.map(itemOf), sizes, isFailing);
        const operators = samples.flatMap(({ make }) => make());
        const expected = modelled(samples, { items, error: isFailing ? failure : undefined });
        const given = await allOf(pipeAll(source, ...operators));
        // To cancel a stream that has failed by then tells why, as `for await` does.
        const isCancelled = kind.startsWith("stream") && given.error === failure;
        expect(given).toEqual(isCancelled ? { ...expected, error: failure } : expected);
      },
    ),
    { seed: 16, numRuns: runsOf(400), timeout: 60_000 }, // One that waits for ever is told.
  );
});
