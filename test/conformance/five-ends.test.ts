import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BucketStream } from "../../src/streams/bucket.ts";
import { LoaderStream } from "../../src/streams/loader.ts";
import { ParallelMapStream } from "../../src/streams/parallel-map.ts";
import { Calls } from "../support/run/calls.ts";
import { CountedSignal } from "../support/streams/counted-signal.ts";
import { outcomeOf, settle } from "../support/outcomes/outcome.ts";

const ends = ["close", "throw", "cancel", "abort", "signal", "pipe's signal"] as const;
type End = typeof ends[number];

interface Stage {
  readonly writable: WritableStream<number>;
  readonly readable?: ReadableStream<unknown>;
}

/** The item that the user's callback fails on. */
const poison = -1;
const failure = new Error("poison");
const refusePoison = (item: number) => {
  if (item === poison) throw failure;
};

const stages: Record<string, (calls: Calls<number>, signal: AbortSignal) => Stage> = {
  BucketStream: () =>
    new BucketStream<number>({ batchSize: 9, sizeOf: (item) => (refusePoison(item), 1) }),
  "BucketStream that discards": () =>
    new BucketStream<number>({
      batchSize: 9,
      onError: "discard",
      sizeOf: (item) => (refusePoison(item), 1),
    }),
  ParallelMapStream: (calls, signal) =>
    new ParallelMapStream<number, number>(
      (item, context) => (refusePoison(item), calls.run(item, context)),
      { concurrency: 3, signal },
    ),
  "ParallelMapStream without order": (calls, signal) =>
    new ParallelMapStream<number, number>(
      (item, context) => (refusePoison(item), calls.run(item, context)),
      { concurrency: 3, ordered: false, signal },
    ),
  "ParallelMapStream that discards": (calls, signal) =>
    new ParallelMapStream<number, number>(
      (item, context) => (refusePoison(item), calls.run(item, context)),
      { concurrency: 3, signal, onError: "discard" },
    ),
  LoaderStream: (calls, signal) => ({
    writable: new LoaderStream<number>(
      (item, context) => (refusePoison(item), calls.run(item, context)),
      { workers: 3, signal },
    ),
  }),
  "LoaderStream that discards": (calls, signal) => ({
    writable: new LoaderStream<number>(
      (item, context) => (refusePoison(item), calls.run(item, context)),
      { workers: 3, signal, onError: "discard" },
    ),
  }),
};

/** A pipe into the stage, a reader, and two items under way. */
async function begin(name: string) {
  const calls = new Calls<number>();
  const user = new CountedSignal();
  const pipe = new AbortController();
  const stage = stages[name]!(calls, user.signal);
  const input = new TransformStream<number, number>();
  const piped = outcomeOf(input.readable.pipeTo(stage.writable, { signal: pipe.signal }));
  const writer = input.writable.getWriter();
  const reader = stage.readable?.getReader();
  const reads = [outcomeOf(reader?.read()), outcomeOf(reader?.read())];
  const writes = [outcomeOf(writer.write(1)), outcomeOf(writer.write(2))];
  await settle();
  return { name, calls, user, pipe, input, piped, stage, writer, reader, reads, writes };
}

const reason = new Error("enough");

/** Ends the stage, and gives the promises of doing so. */
function act(end: End, { user, pipe, writer, reader }: Awaited<ReturnType<typeof begin>>) {
  switch (end) {
    case "close":
      return [outcomeOf(writer.close())];
    case "throw":
      return [outcomeOf(writer.write(poison))];
    case "cancel":
      return [outcomeOf(reader?.cancel(reason))];
    case "abort":
      return [outcomeOf(writer.abort(reason))];
    case "signal":
      user.abort(reason);
      break;
    case "pipe's signal":
      pipe.abort(reason);
  }
  // workerd heeds the signal of a pipe only at the next chunk, and a loader there the next write.
  return [outcomeOf(writer.write(3))];
}

/** Whether a stage has this end: a loader gives nothing to cancel, a bucket takes no signal. */
function has(name: string, end: End): boolean {
  if (end === "cancel") return !name.startsWith("LoaderStream");
  return end !== "signal" || !name.startsWith("BucketStream");
}

/** Whether calls finish although the stage has failed: only where it is the input that fails. */
function isFlushed(name: string, end: End): boolean {
  return !name.endsWith("discards") && (end === "abort" || end === "pipe's signal");
}

const cases = Object.keys(stages).flatMap((name) =>
  ends.filter((end) => has(name, end)).map((end) => ({ name, end }))
);

describe("every stage", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each(cases)("leaves no timer, listener or lock behind: $name, $end", async ({ name, end }) => {
    const run = await begin(name);
    const isBucket = name.startsWith("BucketStream");
    expect(vi.getTimerCount()).toBe(isBucket ? 1 : 0);
    expect(run.user.listeners).toBe(isBucket ? 0 : 1);
    const acts = act(end, run);
    await settle();
    const error = { close: undefined, throw: failure }[end as string] ?? reason;
    for (const call of run.calls.begun.slice(0, 2)) {
      expect(call.signal.aborted).toBe(end !== "close" && !isFlushed(name, end));
      if (call.signal.aborted) expect(call.signal.reason).toBe(error);
    }
    for (const call of run.calls.begun) call.resolve(call.item);
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    expect(run.user.listeners).toBe(0);
    expect(run.calls.running).toBe(0);
    for (const { state } of [...acts, ...run.reads, ...run.writes, run.piped]) {
      expect(state).not.toBe("pending");
    }
    // A pipe of workerd takes a stream that fails on its own for one that is fine; only a loader
    // promises that it does not.
    const isTold = name.startsWith("LoaderStream") || (end !== "cancel" && end !== "signal");
    if (isTold || run.piped.state === "rejected") {
      expect(run.piped).toMatchObject(
        end === "close" ? { state: "fulfilled" } : { state: "rejected", value: error },
      );
    }
    expect(run.stage.writable.locked).toBe(false);
    expect(run.input.readable.locked).toBe(false);
  });

  it.each(cases)("reports the same to writer and reader: $name, $end", async ({ name, end }) => {
    const run = await begin(name);
    act(end, run);
    await settle();
    for (const call of run.calls.begun) call.resolve(call.item);
    await settle();
    const error = { close: undefined, throw: failure }[end as string] ?? reason;
    const isFine = end === "close" || end === "cancel"; // For the reader.
    if (run.reader !== undefined) {
      const last = outcomeOf((await run.reader.read().catch(() => {}), run.reader.closed));
      await settle();
      expect(last.state).toBe(isFine ? "fulfilled" : "rejected");
      if (!isFine) expect(last.value).toBe(error);
    }
    const closed = outcomeOf(run.stage.writable.getWriter().closed);
    await settle();
    expect(closed).toMatchObject(
      end === "close" ? { state: "fulfilled" } : { state: "rejected", value: error },
    );
  });
});
