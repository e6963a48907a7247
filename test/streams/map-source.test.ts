import { describe, expect, it } from "vitest";
import { batched } from "../../src/streams/batched.ts";
import { chunks } from "../../src/streams/chunks.ts";
import { mapSource } from "../../src/streams/map-source.ts";
import type { Source } from "../../src/streams/source.ts";
import { outcomeOf, turns } from "../support/outcomes/outcome.ts";
import { FedStream, streamOf } from "../support/streams/streams.ts";

const use = ["map items", "source"] as const;
const square = (n: number) => n * n;

/** Sources of 1, 2 and 3 that note how they were stopped. */
const kinds: Record<string, (ends: unknown[]) => Source<number>> = {
  "an array": () => [1, 2, 3],
  "a generator": function* (ends) {
    try {
      yield* [1, 2, 3];
    } finally {
      ends.push("returned");
    }
  },
  "an async generator": async function* (ends) {
    try {
      yield* [1, 2, 3];
    } finally {
      ends.push("returned");
    }
  },
  "a stream": () => streamOf([1, 2, 3]),
  "chunks of a generator": (ends) =>
    chunks(function* () {
      try {
        yield* [[1, 2], [], [3]];
      } finally {
        ends.push("returned");
      }
    }()),
  "chunks of a stream": () => chunks(streamOf([[1], [2, 3]])),
};

async function read<T>(source: Source<T>): Promise<T[]> {
  const reader = batched(source, { batchSize: 9, onError: "discard" }).getReader();
  const { value = [] } = await reader.read();
  return value;
}

describe("mapSource()", () => {
  it.each(Object.entries(kinds))("maps each item of %s", async (_, make) => {
    expect(await read(mapSource(make([]), square, use))).toEqual([1, 4, 9]);
  });

  it.each(Object.entries(kinds).filter(([kind]) => kind !== "an array"))(
    "fails with what map throws, and stops %s",
    async (kind, make) => {
      const ends: unknown[] = [];
      const failing = (n: number) => {
        if (n === 2) throw new Error("no 2");
        return n;
      };
      const source = make(ends);
      await expect(read(mapSource(source, failing, use))).rejects.toThrow("no 2");
      if (kind.endsWith("generator")) expect(ends).toEqual(["returned"]);
      if (kind === "a stream") expect((source as ReadableStream).locked).toBe(false);
    },
  );

  it("cancels its stream while a read is pending", async () => {
    const fed = new FedStream<number>();
    const reader = batched(mapSource(fed.stream, square, use)).getReader();
    const pending = outcomeOf(reader.read());
    await turns();
    await reader.cancel("enough");
    expect([fed.cancelled, fed.stream.locked, pending.state]).toEqual([
      ...[["enough"], false, "fulfilled"],
    ]);
  });

  it("fails with the error of its source", async () => {
    const fed = new FedStream<number>();
    fed.fail(new Error("torn"));
    await expect(read(mapSource(fed.stream, square, use))).rejects.toThrow("torn");
  });

  it("throws for a value that is not a source, and for a locked stream", () => {
    const rule = "Cannot map items as 'source' must be ";
    expect(() => mapSource(5 as never, square, use)).toThrow(`${rule}a ReadableStream`);
    const { stream } = new FedStream<number>();
    stream.getReader();
    expect(() => mapSource(stream, square, use)).toThrow(`${rule}an unlocked stream`);
  });
});
