import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigurationError, EtlError } from "../../src/errors.ts";
import type { DeadLetter } from "../../src/dead-letters/dead-letter.ts";
import {
  type DeadLetterLimit,
  deadLetterLimit,
  deadLetterTarget,
  DeadLetterWriter,
} from "../../src/dead-letters/dead-letter-writer.ts";
import { letterOf } from "../support/dead-letters/letters.ts";
import { outcomeOf, turns } from "../support/outcomes/outcome.ts";
import { unhandledRejections } from "../support/run/rejections.ts";

const error = new Error("disk full");

/** A stream whose writes the test settles, and what it was told. */
class HeldStream {
  readonly events: unknown[] = [];
  readonly held: { resolve(): void; reject(reason: unknown): void }[] = [];
  controller!: WritableStreamDefaultController;
  readonly stream: WritableStream<DeadLetter<number>> = new WritableStream({
    start: (controller) => void (this.controller = controller),
    write: (letter) => {
      this.events.push(letter.item);
      return new Promise<void>((resolve, reject) => this.held.push({ resolve, reject }));
    },
    close: () => void this.events.push("close"),
    abort: (reason) => void this.events.push(["abort", reason]),
  });
}

/** An outlet to a stream that keeps what is written. */
function openOutlet(max: DeadLetterLimit = Infinity, isOwned = false) {
  const kept: number[] = [];
  const ends: unknown[] = [];
  const stream = new WritableStream<DeadLetter<number>>({
    write: ({ item }) => void kept.push(item),
    close: () => void ends.push("close"),
    abort: (reason) => void ends.push(["abort", reason]),
  });
  return { kept, ends, stream, outlet: outletOf(stream, isOwned, max) };
}

/** An outlet that is open: to a stream that it was given, or that was made for it. */
function outletOf<E>(
  stream: WritableStream<DeadLetter<E>>,
  isOwned: boolean,
  max: DeadLetterLimit = Infinity,
): DeadLetterWriter<E> {
  const action = 'run pipeline "letters"';
  const outlet = new DeadLetterWriter({ action, stream: isOwned ? () => stream : stream, max });
  outlet.open();
  return outlet;
}

function hold(isOwned = false) {
  const held = new HeldStream();
  const { stream } = held;
  return { held, stream, outlet: outletOf(stream, isOwned) };
}

describe("DeadLetterWriter", () => {
  let unhandled: ReturnType<typeof unhandledRejections>;
  beforeEach(() => void (unhandled = unhandledRejections()));
  afterEach(async () => {
    await new Promise((resolve) => setTimeout(resolve)); // The host tells them after a turn.
    unhandled.stop();
    expect(unhandled.reasons).toEqual([]);
  });

  it("settles a write when the stream has written it", async () => {
    const { held, outlet } = hold();
    const written = outcomeOf(outlet.write(letterOf(1)));
    await turns();
    expect([held.events, written.state]).toEqual([[1], "pending"]);
    held.held[0]!.resolve();
    await turns();
    expect(written).toEqual({ state: "fulfilled", value: undefined });
  });

  it("writes concurrent letters in order, one at a time", async () => {
    const { held, outlet } = hold();
    const written = [1, 2, 3].map((item) => outcomeOf(outlet.write(letterOf(item))));
    await turns();
    expect(held.events).toEqual([1]);
    for (const n of [0, 1, 2]) {
      held.held[n]!.resolve();
      await turns();
    }
    expect(held.events).toEqual([1, 2, 3]);
    expect(written.map(({ state }) => state)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  });

  it("waits while the stream has no room", async () => {
    const { readable, writable } = new TransformStream<DeadLetter<number>, DeadLetter<number>>(
      {},
      { highWaterMark: 1 },
      { highWaterMark: 0 },
    );
    const outlet = new DeadLetterWriter<number>({
      ...{ action: "run", stream: writable, max: Infinity },
    });
    const written = [1, 2, 3].map((item) => outcomeOf(outlet.write(letterOf(item))));
    await turns();
    expect(written.map(({ state }) => state)).toEqual(["pending", "pending", "pending"]);
    const reader = readable.getReader();
    expect((await reader.read()).value?.item).toBe(1);
    await turns();
    expect(written.map(({ state }) => state)).toEqual(["fulfilled", "pending", "pending"]);
    await reader.cancel(error);
    await turns();
    expect(written.map(({ state }) => state)).toEqual(["fulfilled", "rejected", "rejected"]);
  });

  it("rejects every write from the first failure of the stream on", async () => {
    const { held, outlet } = hold();
    const written = [1, 2].map((item) => outcomeOf(outlet.write(letterOf(item))));
    await turns();
    held.held[0]!.reject(error);
    await turns();
    const late = outcomeOf(outlet.write(letterOf(3)));
    await turns();
    expect([...written, late]).toEqual(Array(3).fill({ state: "rejected", value: error }));
    expect(held.events).toEqual([1]);
  });

  it("rejects writes to a stream that has errored by itself", async () => {
    const { held, outlet } = hold();
    held.controller.error(error);
    await expect(outlet.write(letterOf(1))).rejects.toBe(error);
    await outlet.close();
  });

  it("leaves no unhandled rejection if nobody listens", async () => {
    for (const isOwned of [true, false]) {
      const { held, outlet } = hold(isOwned);
      outlet.write(letterOf(1)).catch(() => {});
      await turns();
      held.controller.error(error);
      held.held[0]!.resolve();
      await turns();
      await Promise.allSettled([outlet.close()]);
    }
  });

  it("leaves a caller's stream open, and unlocks it", async () => {
    const { kept, ends, stream, outlet } = openOutlet();
    outlet.write(letterOf(1));
    expect(stream.locked).toBe(true);
    await outlet.close();
    expect([kept, ends, stream.locked]).toEqual([[1], [], false]);
    const writer = stream.getWriter();
    await writer.write(letterOf(2));
    expect(kept).toEqual([1, 2]);
  });

  it("closes its own stream after the last letter", async () => {
    const { held, stream, outlet } = hold(true);
    outlet.write(letterOf(1));
    outlet.write(letterOf(2));
    const closed = outcomeOf(outlet.close());
    for (const n of [0, 1]) {
      await turns();
      expect(closed.state).toBe("pending");
      held.held[n]!.resolve();
    }
    await turns();
    expect([held.events, closed.state]).toEqual([[1, 2, "close"], "fulfilled"]);
    expect(stream.locked).toBe(false);
  });

  it("does not close its own stream after a write has failed", async () => {
    const { held, stream, outlet } = hold(true);
    const written = outcomeOf(outlet.write(letterOf(1)));
    await turns();
    held.held[0]!.reject(error);
    await outlet.close();
    expect(written).toEqual({ state: "rejected", value: error });
    expect([held.events, stream.locked]).toEqual([[1], false]);
  });

  it("closes its own stream after a letter beyond the limit", async () => {
    const { kept, ends, outlet } = openOutlet(0, true);
    await expect(outlet.write(letterOf(1))).rejects.toThrow("More than 0 dead letters");
    await outlet.close();
    expect([kept, ends]).toEqual([[], ["close"]]);
  });

  it("reports that its own stream cannot be closed, and unlocks it", async () => {
    const stream = new WritableStream<DeadLetter>({ close: () => Promise.reject(error) });
    const outlet = outletOf(stream, true);
    await expect(outlet.close()).rejects.toBe(error);
    expect(stream.locked).toBe(false);
  });

  it("creates its own stream only when it is opened", () => {
    const make = vi.fn(() => new WritableStream<DeadLetter>());
    const outlet = new DeadLetterWriter({ action: "run", stream: make, max: 1 });
    expect(make).not.toHaveBeenCalled();
    outlet.open();
    expect(make).toHaveBeenCalledTimes(1);
  });

  it.each([[0, "0 dead letters"], [1, "1 dead letter"], [2, "2 dead letters"]])(
    "writes %i letters, and rejects with the next one",
    async (max, words) => {
      const { kept, outlet } = openOutlet(max);
      for (let item = 0; item < max; item++) await outlet.write(letterOf(item));
      outlet.finished(1000);
      for (const item of [7, 8]) {
        const letter = letterOf(item);
        const failure: EtlError = await outlet.write(letter).then(() => expect.fail(), (e) => e);
        expect(failure).toBeInstanceOf(EtlError);
        expect([failure.message, failure.cause]).toEqual([`More than ${words}`, letter.error]);
      }
      expect(kept).toEqual([0, 1].slice(0, max));
    },
  );

  it("names ratio and window if too large a share is dead-lettered", async () => {
    const { kept, outlet } = openOutlet({ ratio: 0.5, window: 4 });
    await outlet.write(letterOf(1));
    await outlet.write(letterOf(2));
    const failure = outlet.write(letterOf(3));
    await expect(failure).rejects.toThrow(
      new EtlError("More than 0.5 of the last 4 items are dead letters"),
    );
    expect(kept).toEqual([1, 2]);
  });

  it("does not reject a ratio below the limit because of rounding", async () => {
    const { kept, outlet } = openOutlet({ ratio: 0.29, window: 100 }); // 28.999999999999996
    for (let item = 0; item < 29; item++) await outlet.write(letterOf(item));
    expect(kept.length).toBe(29);
    await expect(outlet.write(letterOf(29))).rejects.toThrow("More than 0.29 of the last 100");
  });

  it("counts only the last items of the window, whatever their order", async () => {
    const ratios = fc.constantFrom(0.01, 0.1, 0.25, 0.29, 0.5, 0.75, 1);
    const steps = fc.array(fc.oneof(fc.constant("letter"), fc.nat({ max: 6 })), { maxLength: 60 });
    const property = fc.asyncProperty(
      ...[ratios, fc.integer({ min: 1, max: 20 }), steps] as const,
      async (ratio, window, steps) => {
        const { outlet } = openOutlet({ ratio, window });
        const history: boolean[] = []; // Of the finished items: whether it was given up on.
        for (const step of steps) {
          if (typeof step === "number") {
            outlet.finished(step);
            history.push(...Array<boolean>(step).fill(false));
            continue;
          }
          history.push(true);
          const letters = history.slice(-window).filter(Boolean).length;
          const isTooMany = letters > Math.round(ratio * window * 1e6) / 1e6;
          const isRefused = await outlet.write(letterOf(0)).then(() => false, () => true);
          expect(isRefused).toBe(isTooMany);
        }
      },
    );
    await fc.assert(property, { seed: 20_261_122, numRuns: 50 });
  });

  it.each([undefined, {}, new ReadableStream(), lockedStream()])(
    "throws for a value that is not a WritableStream, and for a locked stream",
    (stream) => {
      const action = 'run pipeline "letters"';
      const parts = { action, stream: stream as WritableStream, max: 1 };
      const rule = "'deadLetters' must be an unlocked WritableStream: current";
      expect(() => new DeadLetterWriter(parts)).toThrow(ConfigurationError);
      expect(() => new DeadLetterWriter(parts)).toThrow(`Cannot ${action} as ${rule} value is `);
    },
  );

  function lockedStream(): WritableStream {
    const stream = new WritableStream();
    stream.getWriter();
    return stream;
  }
});

describe("the options of dead letters", () => {
  it.each([0, 1, 10, Infinity, { ratio: 0.1, window: 10 }, { ratio: 1, window: 1 }])(
    "accept the limit %j",
    (limit) => expect(deadLetterLimit.test(limit)).toBe(true),
  );
  it.each<[unknown]>([
    ...[-1, 0.5, NaN, -Infinity, "1", null, {}, 1n].map((value): [unknown] => [value]),
    ...[0, -1, 1.1, NaN, "1"].map((ratio): [unknown] => [{ ratio, window: 10 }]),
    ...[0, -1, 1.5, Infinity, "1"].map((window): [unknown] => [{ ratio: 0.5, window }]),
  ])("reject the limit %o", (limit) => expect(deadLetterLimit.test(limit)).toBe(false));

  it("accept a stream or a function that makes one", () => {
    const values = [new WritableStream(), () => new WritableStream()];
    expect(values.map((value) => deadLetterTarget.test(value))).toEqual([true, true]);
    const others = [undefined, null, {}, new ReadableStream(), "dead", 1];
    expect(others.filter((value) => deadLetterTarget.test(value))).toEqual([]);
  });
});
