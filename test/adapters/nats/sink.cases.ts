import { describe, expect, it } from "vitest";
import { etl } from "../../../src/index.ts";
import { type NatsJetStream, natsSink, type NatsSinkOptions } from "../../../src/adapters/nats.ts";
import { type SinkRow, testCheckpointStore, testSink } from "../../../src/adapters/testing.ts";
import { randomOf } from "../../crash/random.ts";
import type { NatsBench } from "../../support/nats/bench.ts";
import { messagesOf, sinkOn, testedSink } from "../../support/nats/tested-sink.ts";

const rowsTo = (end: number): SinkRow[] =>
  Array.from({ length: end }, (_, id) => ({ id, name: `é ${id}` }));

/** Defines the tests of rows in a stream. */
export function testNatsSink(bench: NatsBench): void {
  testSink(it, { create: () => testedSink(bench) });

  describe("its checkpoints", () => {
    testCheckpointStore(it, {
      create: async () => natsSink(bench.js(), (await sinkOn(bench)).options).checkpoints,
    });
  });

  testOnce(bench);
  testLimits(bench);
  testRefusals(bench);
}

function testOnce(bench: NatsBench): void {
  it("has each row once where publishes fail before and after, and batches are cut anew", async () => {
    const random = randomOf(7);
    const { options, rows } = await sinkOn(bench);
    const client = bench.js();
    let chance = 0.3;
    const js: NatsJetStream = {
      streams: client.streams,
      async publish(...message) {
        if (random() < chance) throw new Error("It was not sent");
        const ack = await client.publish(...message);
        if (random() < chance) throw new Error("The answer was lost");
        return ack;
      },
    };
    const { checkpoints, load } = natsSink<SinkRow>(js, options);
    const extract = () => rowsTo(300);
    const run = () => {
      const batchSize = 1 + Math.floor(random() * 20);
      return etl({ name: "cut", extract, load }).run({ checkpoints, batchSize, workers: 3 });
    };
    for (let runs = 0; runs < 10; runs++) await run().catch(() => {});
    chance = 0;
    await run();
    const ids = (await rows()).map(({ id }) => id);
    expect(ids.toSorted((a, b) => a - b)).toEqual(extract().map(({ id }) => id));
  });

  it("stores nothing of a run whose key was taken over, and the other goes on", async () => {
    const { options, rows } = await sinkOn(bench);
    const sinks = [1, 2].map(() => natsSink<SinkRow>(bench.js(), options));
    const contextOf = (runId: string, from: number) => ({
      ...{ runId, pipeline: "p", signal: new AbortController().signal },
      batch: { ...{ key: "k", ranges: [[from, from + 1]] as const }, attempt: 1 },
    });
    const claims = sinks.map(({ checkpoints }) => checkpoints);
    await claims[0]!.claim("k", { runId: "one", until: 10 }, 0);
    await sinks[0]!.load(rowsTo(1), contextOf("one", 0));
    await claims[1]!.claim("k", { runId: "two", until: 20 }, 10);
    const late = sinks[0]!.load([{ id: 9, name: "late" }], contextOf("one", 1));
    await expect(late).rejects.toMatchObject({ name: "FencedError" });
    await sinks[1]!.load([{ id: 1, name: "b" }], contextOf("two", 1));
    expect((await rows()).map(({ id }) => id)).toEqual([0, 1]);
  });

  it("loads on when its server was killed and started again", async () => {
    const { options, rows } = await sinkOn(bench, { claims: bench.hasty.bucket() });
    const { checkpoints, load } = natsSink<SinkRow>(bench.hasty.js(), options);
    let isKilled = false;
    const extract = async function* () {
      for (const row of rowsTo(20)) {
        if (row.id === 10 && !isKilled) {
          isKilled = true;
          await bench.server().kill();
          await bench.server().start();
        }
        yield row;
      }
    };
    const retry = { maxAttempts: 5, baseDelay: 10 };
    const job = etl({ name: "outage", extract, load });
    const run = () => job.run({ checkpoints, batchSize: 2, retry, guarantee: "effectively-once" });
    for (let runs = 0; runs < 5; runs++) await run().catch(() => {}); // Its key may be claimed still.
    await run();
    expect((await rows()).map(({ id }) => id)).toEqual(rowsTo(20).map(({ id }) => id));
  });
}

function testLimits(bench: NatsBench): void {
  it("cuts a batch in two that is larger than a message may be", async () => {
    const { options, rows, manager, stream } = await sinkOn(bench, { maxBytes: 2000 });
    const { checkpoints, load } = natsSink<SinkRow>(bench.js(), options);
    const job = etl({ name: "large", extract: () => rowsTo(200), load });
    await job.run({ checkpoints, batchSize: 200 });
    expect(await rows()).toEqual(rowsTo(200));
    const messages = await messagesOf(manager, stream);
    expect(Math.max(...messages.map((text) => text.length))).toBeLessThan(2000);
  });

  it("gives up on a row alone that the server does not take", async () => {
    const { options, rows } = await sinkOn(bench, { maxBytes: 5_000_000 });
    const { checkpoints, load } = natsSink<SinkRow>(bench.js(), options);
    const extract = () => [...rowsTo(3), { id: 3, name: "x".repeat(1_100_000) }];
    const letters: string[] = [];
    const deadLetters = new WritableStream<{ error: unknown }>({
      write: ({ error }) => void letters.push((error as Error).message),
    });
    await etl({ name: "larger", extract, load }).run({ checkpoints, batchSize: 4, deadLetters });
    expect(await rows()).toEqual(rowsTo(3));
    expect(letters).toEqual([
      expect.stringMatching(
        /^The rows are a message of 1100\d{3} bytes, which the server does not/,
      ),
    ]);
  });

  it("tells which row has no JSON", async () => {
    const { options, rows } = await sinkOn(bench);
    const { load } = natsSink<object>(bench.js(), options as NatsSinkOptions<object>);
    const extract = () => [{ id: 1 }, { id: 2n }, { id: 3 }];
    const deadLetters = new WritableStream();
    const report = await etl({ name: "big", extract, load }).run({ batchSize: 3, deadLetters });
    expect(report).toMatchObject({ loaded: 2, deadLettered: 1 });
    expect(await rows()).toEqual([{ id: 1 }, { id: 3 }]);
  });
}

function testRefusals(bench: NatsBench): void {
  const failureOf = async (more: Partial<NatsSinkOptions<SinkRow>>, key?: "k") => {
    const { options } = await sinkOn(bench, more);
    const { checkpoints, load } = natsSink<SinkRow>(bench.js(), options);
    const job = etl({ name: "refused", extract: () => rowsTo(1), load });
    const run = job.run({ checkpoints: key && checkpoints });
    const error = await run.then(() => undefined, (error) => error.cause ?? error);
    return { name: error?.name, message: error?.message };
  };

  it("says that its stream is not there, or cannot keep marks", async () => {
    const name = "ConfigurationError";
    expect(await failureOf({ stream: "nowhere" }, "k")).toMatchObject({
      name,
      message: expect.stringContaining("'stream' must be a stream of the server"),
    });
    const { manager } = await sinkOn(bench);
    await manager.streams.add({ name: "queue", subjects: ["queue.>"], retention: "workqueue" });
    expect(await failureOf({ stream: "queue", subject: "queue" }, "k")).toMatchObject({
      name,
      message: expect.stringContaining("a stream with the retention 'limits'"),
    });
  });

  it("says that the stream does not take its subject", async () => {
    expect(await failureOf({ subject: "elsewhere" })).toMatchObject({
      name: "ConfigurationError",
      message: expect.stringContaining("'subject' must be a subject that the stream"),
    });
  });

  it("does not begin from zero behind the message of another program", async () => {
    const { options, stream } = await sinkOn(bench);
    await bench.js().publish(`${stream}.aw`, "of another program");
    const { checkpoints } = natsSink<SinkRow>(bench.js(), options);
    await expect(checkpoints.read("k")).rejects.toThrow("the last message of its subject has none");
  });

  it.each([
    [{ subject: "a.*" }, "'subject' must be a subject without wildcards, such as `sales.rows`"],
    [{ subject: undefined }, "'subject' must be a subject without wildcards"],
    [{ stream: "" }, "'stream' must be a non-empty string"],
    [{ claims: {} }, "'claims' must be a bucket of @nats-io/kv"],
    [{ headers: undefined }, "'headers' must be a function"],
    [{ maxBytes: 0 }, "'maxBytes' must be a positive integer"],
  ])("refuses %o", async (more, rule) => {
    const { options } = await sinkOn(bench);
    const given = { ...options, ...more } as NatsSinkOptions<SinkRow>;
    expect(() => natsSink(bench.js(), given)).toThrow(`Cannot construct natsSink as ${rule}`);
  });

  it("refuses what is no client", async () => {
    const { options } = await sinkOn(bench);
    expect(() => natsSink({} as NatsJetStream, options)).toThrow(
      "Cannot construct natsSink as 'js' must be a client of @nats-io/jetstream",
    );
  });
}
