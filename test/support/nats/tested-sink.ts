import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { BatchError } from "../../../src/errors.ts";
import { type NatsJetStream, natsSink, type NatsSinkOptions } from "../../../src/adapters/nats.ts";
import type { SinkRow, TestedSink } from "../../../src/adapters/testing.ts";
import type { NatsBench } from "./bench.ts";

let streams = 0;

/** All messages of a stream that have data, in their order. */
export async function messagesOf(manager: JetStreamManager, stream: string): Promise<string[]> {
  const { state } = await manager.streams.info(stream);
  const texts: string[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
    const found = await manager.streams.getMessage(stream, { seq }).catch(() => null);
    if (found !== null && found.data.length > 0) texts.push(found.string());
  }
  return texts;
}

/** A sink with a stream of its own. */
export async function sinkOn(bench: NatsBench, more: Partial<NatsSinkOptions<SinkRow>> = {}) {
  const manager = await jetstreamManager(bench.connection());
  const stream = `rows-${streams++}`;
  await manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
  const rows = async () => {
    const texts = await messagesOf(manager, stream);
    return texts.flatMap((text) => JSON.parse(text) as SinkRow[]);
  };
  const options = { stream, subject: stream, claims: bench.bucket(), headers, ...more };
  return { stream, manager, rows, options };
}

/** A sink that refuses an id that is in its stream already, as a table with a key does. */
export async function testedSink(bench: NatsBench): Promise<TestedSink> {
  const seen = new Set<number>();
  let losesAnswer = false;
  const client = bench.js();
  const js: NatsJetStream = {
    streams: client.streams as NatsJetStream["streams"],
    async publish(subject, data, options) {
      const { seq } = await client.publish(subject, data, options);
      const ids = data.length === 0 ? [] : JSON.parse(new TextDecoder().decode(data)) as SinkRow[];
      for (const { id } of ids) seen.add(id);
      if (losesAnswer && data.length > 0) {
        losesAnswer = false;
        throw new Error("TIMEOUT");
      }
      return { seq };
    },
  };
  const encode = (given: readonly SinkRow[]) => {
    const failures = new Map<number, Error>();
    const ids = new Set(seen);
    given.forEach(({ id, name, ...others }, index) => {
      const isRow = typeof name === "string" && Object.keys(others).length === 0;
      if (ids.has(id) || !isRow) failures.set(index, new Error("It is there, or it is no row"));
      ids.add(id);
    });
    if (failures.size > 0) throw new BatchError(failures);
    return JSON.stringify(given);
  };
  const { rows, options } = await sinkOn(bench, { encode });
  const sink = natsSink<SinkRow>(js, options);
  return {
    load: sink.load,
    wrap: sink.wrap,
    checkpoints: sink.checkpoints,
    rows,
    deadLetters: () => new WritableStream(),
    loseAnswer: () => void (losesAnswer = true),
    close: () => {},
  };
}
