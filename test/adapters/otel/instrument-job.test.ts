import { describe, expect, it } from "vitest";
import { coordinate, type Job, MemoryJobStore, work } from "../../../src/adapters/jobs.ts";
import { instrumentJob } from "../../../src/adapters/otel.ts";
import { OtelRecorder } from "../../support/otel/recorder.ts";

class Numbers implements Job<number, number> {
  readonly name = "numbers";
  readonly #size = 3;

  split() {
    return [0, 10, 20];
  }

  id(from: number) {
    return `from ${from}`;
  }

  pipeline(from: number) {
    return {
      extract: () => {
        if (from === 20) throw new Error("It is broken");
        return Array.from({ length: this.#size }, (_, n) => from + n);
      },
      load: () => {},
    };
  }
}

describe("instrumentJob()", () => {
  it("tells the run of each partition, and how many partitions are in which state", async () => {
    const otel = new OtelRecorder();
    const job = instrumentJob(new Numbers(), { api: otel.api, attributes: { region: "eu" } });
    const store = new MemoryJobStore();
    const report = coordinate(job, { store, onProgress: job.onProgress });
    await work(job, { store, until: "done", maxFailures: 1 });
    expect((await report).partitions).toMatchObject({ completed: 2, dead: 1 });

    const runs = otel.named("run");
    const told = runs.map(({ attributes }) => [
      attributes["millrace.partition"],
      attributes["millrace.outcome"],
      attributes["millrace.pipeline"],
    ]);
    expect(told).toEqual([
      ["from 0", "completed", "numbers"],
      ["from 10", "completed", "numbers"],
      ["from 20", "failed", "numbers"],
    ]);
    expect(otel.spans.map(({ ends }) => ends)).toEqual(otel.spans.map(() => 1));
    expect(otel.sums("millrace.items", "millrace.outcome")).toEqual({ loaded: 6 });

    const states = otel.sums("millrace.job.partitions", "millrace.partition.state");
    expect(Object.entries(states).filter(([, count]) => count !== 0))
      .toEqual(expect.arrayContaining([["completed", 2], ["dead", 1]]));
    expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(otel.units["millrace.job.partitions"]).toBe("{partition}");
    for (const { attributes } of otel.measurements) {
      expect(attributes).toMatchObject({ "region": "eu", "millrace.pipeline": "numbers" });
      expect(attributes).not.toHaveProperty(["millrace.partition"]); // Each would be a series.
    }
  });

  it("tells changes alone, from one look at the store to the next", () => {
    const otel = new OtelRecorder();
    const { onProgress } = instrumentJob(new Numbers(), { meter: otel.meter });
    const counts = { total: 3, held: 0, completed: 0, dead: 0, cancelled: 0 };
    onProgress({ partitions: counts });
    onProgress({ partitions: { ...counts, held: 1 } });
    onProgress({ partitions: { ...counts, held: 1 } });
    onProgress({ partitions: { ...counts, completed: 1 } });
    const told = otel.valuesOf("millrace.job.partitions")
      .map(({ value, attributes }) => [attributes["millrace.partition.state"], value]);
    expect(told).toEqual([["open", 3], ["open", -1], ["held", 1], ["held", -1], ["completed", 1]]);
  });

  it("does the same where nobody listens", async () => {
    const job = instrumentJob(new Numbers());
    const store = new MemoryJobStore();
    const working = work(job, { store, until: "done", maxFailures: 1 });
    expect(await coordinate(job, { store, onProgress: job.onProgress })).toMatchObject({
      loaded: 6,
    });
    await working;
  });

  it.each([undefined, {}, { name: "" }, { name: "numbers" }])(
    "refuses %j, which is no job",
    (job) => {
      expect(() => instrumentJob(job as never)).toThrow(
        "Cannot instrument a job as 'job' must be a job, with 'name', 'split', 'id' and 'pipeline'",
      );
    },
  );

  it("refuses options that break their rule", () => {
    const options = { tracer: new OtelRecorder().tracer };
    expect(() => instrumentJob(new Numbers(), options)).toThrow(
      "Cannot instrument job \"numbers\" as 'api' must be given with 'tracer'",
    );
  });
});
