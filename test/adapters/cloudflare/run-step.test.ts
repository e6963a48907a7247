import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type InputStart, readNdjson } from "../../../src/adapters/ndjson.ts";
import { readObject } from "../../../src/adapters/object.ts";
import { runStep, type StepOptions } from "../../../src/adapters/cloudflare/run-step.ts";
import {
  ConfigurationError,
  etl,
  MemoryCheckpointStore,
  PipelineError,
} from "../../../src/index.ts";
import { fakeR2 } from "../../support/object/fake-r2.ts";
import { live, problemsOfSteps, SteppedWorld, stepPlans } from "../../support/run/stepped-world.ts";

/** A pipeline of the numbers from 0 to 9, two for each step. */
function tenNumbers() {
  const loaded: number[] = [];
  const extract = vi.fn(() => Array.from({ length: 10 }, (_, n) => n));
  const load = (rows: number[]) => void loaded.push(...rows);
  const options = { batchSize: 2, budget: { batches: 1 } };
  return { numbers: etl({ name: "ten", extract, load }, options), loaded, extract };
}

/** A stream of bytes in pieces of some length. */
function inPieces(bytes: Uint8Array, length: number): ReadableStream<Uint8Array> {
  let start = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (start >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(start, start += length));
    },
  }, { highWaterMark: 0 });
}

const all = Array.from({ length: 10 }, (_, n) => n);

describe("runStep()", () => {
  it("gives a token, from which the next step goes on", async () => {
    const { numbers, loaded } = tenNumbers();
    const steps = [await runStep(numbers)];
    for (let step = steps[0]!; !step.isDone; steps.push(step)) {
      step = await runStep(numbers, { token: step.token });
    }
    expect(loaded).toEqual(all);
    expect(steps.map(({ report: { outcome, earlier } }) => [outcome, earlier])).toEqual([
      ...[0, 2, 4, 6, 8].map((earlier) => ["paused", earlier]),
      ["completed", 10],
    ]);
    expect(JSON.parse(steps[1]!.token!)).toMatchObject({ key: "ten", offset: 4, done: [] });
  });

  it("lets a later run go on from the last token, with what has come since", async () => {
    const { numbers, loaded, extract } = tenNumbers();
    const { isDone, token } = await runStep(numbers, { budget: { items: 99 } });
    extract.mockReturnValue([...all, 10, 11]);
    const { report } = await runStep(numbers, { budget: { items: 99 }, token });
    expect([isDone, report.earlier]).toEqual([true, 10]);
    expect(loaded).toEqual([...all, 10, 11]);
  });

  it.each(["of the step", "of the pipeline"])(
    "keeps what is finished in checkpoints %s",
    async (of) => {
      const checkpoints = new MemoryCheckpointStore();
      const { numbers, loaded } = tenNumbers();
      const isStep = of === "of the step";
      const stepped = isStep
        ? numbers
        : etl(numbers.pipeline, { ...numbers.defaults, checkpoints });
      const options = isStep ? { checkpoints } : {};
      const step = await runStep(stepped, options);
      expect(step).not.toHaveProperty("token");
      for (let isDone = false; !isDone;) ({ isDone } = await runStep(stepped, options));
      expect(loaded).toEqual(all);
      expect(checkpoints.read("ten")).toMatchObject({ offset: 10 });
      await expect(runStep(stepped, { ...options, token: "{}" })).rejects.toThrow(
        "Cannot run a step as 'token' must be omitted if 'checkpoints' are given, which keep the same",
      );
    },
  );

  it("ends after 20 s where no budget is given", async () => {
    vi.useFakeTimers();
    const endless = etl<number>({
      name: "endless",
      extract: async function* () {
        for (let n = 0;; n++) yield await new Promise((resolve) => setTimeout(resolve, 1000, n));
      },
      load: () => {},
    });
    const step = runStep(endless);
    await vi.advanceTimersByTimeAsync(21_000);
    const { isDone, report } = await step;
    vi.useRealTimers();
    expect([isDone, report.outcome, report.loaded]).toEqual([false, "paused", 19]);
  });

  it("rejects with what the run failed with, and is repeated from its token", async () => {
    const { numbers, loaded, extract } = tenNumbers();
    const { token } = await runStep(numbers);
    extract.mockImplementationOnce(() => {
      throw new Error("no source");
    });
    await expect(runStep(numbers, { token })).rejects.toBeInstanceOf(PipelineError);
    await runStep(numbers, { token });
    expect(loaded).toEqual([0, 1, 2, 3]);
  });

  it.each([["source", [0, 16, 32, 48, 64]], ["skip", [0, 0, 0, 0, 0, 0]]] as const)(
    'begins to read at bytes by resume: "%s": %j',
    async (resume, wanted) => {
      const bucket = fakeR2();
      const text = all.map((n) => `{"n":${n}}\n`).join("");
      await bucket.put("numbers", new TextEncoder().encode(text));
      const offsets: number[] = [];
      const get: typeof bucket.get = async (key, options) => {
        offsets.push(options?.range.offset ?? 0);
        const found = (await bucket.get(key, options))!;
        const bytes = new Uint8Array(await new Response(found.body as BodyInit).arrayBuffer());
        return { ...found, body: inPieces(bytes, 16) }; // Two lines each.
      };
      const read: number[] = [];
      const numbers = etl({
        name: "numbers",
        extract: ({ checkpoint }) => {
          const from = checkpoint?.position as InputStart | undefined;
          const options = resume === "source" ? { from } : {};
          const input = readObject({ ...bucket, get }, "numbers", options);
          return readNdjson<{ n: number }>(input, { positions: true });
        },
        transform: ({ value }) => {
          read.push(value.n);
          return value;
        },
        load: () => {},
      }, {
        ...{ resume, batchSize: 2, budget: { batches: 1 } },
        position: ({ end, line }) => ({ byte: end, line: line + 1 }),
      });
      const steps = [await runStep(numbers)];
      for (let step = steps[0]!; !step.isDone; steps.push(step)) {
        step = await runStep(numbers, { token: step.token });
      }
      expect(steps.map(({ report: { earlier } }) => earlier)).toEqual([0, 2, 4, 6, 8, 10]);
      expect(offsets).toEqual(wanted);
      expect(read).toEqual(all);
    },
  );

  it("fails before its end if a position makes the token too large", async () => {
    const { numbers } = tenNumbers();
    const position = () => "é".repeat(2000);
    const step = runStep(numbers, { position, budget: { batches: 5 } });
    await expect(step).rejects.toThrow(
      /'position' must be small enough for a token of 4096 bytes \(or keep it in a store, by 'check/,
    );
    const { token } = await runStep(numbers, { position: () => "x".repeat(3900) });
    expect(token!.length).toBeLessThanOrEqual(4096);
  });

  it("takes the token of its own partition only", async () => {
    const { numbers } = tenNumbers();
    const { token } = await runStep(numbers, { partition: "a" });
    await expect(runStep(numbers, { partition: "b", token })).rejects.toThrow(ConfigurationError);
    expect((await runStep(numbers, { partition: "a", token })).report.earlier).toBe(2);
  });

  it.each([
    ["", "text"],
    ["{", "no JSON"],
    ["null", "no object"],
    ["[1]", "no object"],
    ["{}", "no key"],
    ['{"key":"other","offset":2,"done":[],"updatedAt":1}', "another pipeline"],
    ['{"key":"ten","offset":-2,"done":[],"updatedAt":1}', "no offset"],
    ['{"key":"ten","offset":2,"done":[[1,2]],"updatedAt":1}', "no ranges"],
    [`{"key":"ten","offset":2,"done":[],"updatedAt":1,"x":"${"x".repeat(4096)}"}`, "too long"],
    [5 as unknown as string, "no text"],
  ])("refuses the token %j before anything is called: %s", async (token) => {
    const { numbers, extract } = tenNumbers();
    const step = runStep(numbers, { token });
    await expect(step).rejects.toThrow(
      "Cannot run a step as 'token' must be a token returned by a step of this pipeline",
    );
    await expect(step).rejects.toBeInstanceOf(ConfigurationError);
    expect(extract).not.toHaveBeenCalled();
  });

  it("refuses what is no pipeline, and options that break their rule", async () => {
    await expect(runStep({} as never)).rejects.toThrow(
      "Cannot run a step as 'etl' must be made by",
    );
    const { numbers } = tenNumbers();
    const wrong: [StepOptions<number>, string][] = [
      [{ budget: {} }, "'budget' must be an object with 'duration', 'items' or 'batches'"],
      [{ workers: 0 }, "'workers' must be a positive integer"],
    ];
    for (const [options, words] of wrong) {
      await expect(runStep(numbers, options)).rejects.toThrow(words);
    }
  });
});

describe("any steps", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("load each item once, get a batch further each, and are bounded", async () => {
    const property = fc.asyncProperty(
      fc.array(stepPlans, { minLength: 50, maxLength: 50 }),
      async (plans) => {
        const worlds = plans.map((plan) => new SteppedWorld(plan));
        await live(worlds);
        expect(worlds.map((world, index) => problemsOfSteps(world, plans[index]!)))
          .toEqual(plans.map(() => []));
      },
    );
    await fc.assert(property, { numRuns: 1, seed: 20_263, endOnFailure: true });
  }, 180_000);
});
