import { jetstreamManager } from "@nats-io/jetstream";
import { expect, it } from "vitest";
import { type DeadLetter, etl, replay } from "../../../src/index.ts";
import {
  natsDeadLetters,
  type NatsJetStream,
  readNatsDeadLetters,
} from "../../../src/adapters/nats.ts";
import { testDeadLetters } from "../../../src/adapters/testing.ts";
import type { NatsBench } from "../../support/nats/bench.ts";

let places = 0;

/** Defines the tests of dead letters in a stream. */
export function testNatsLetters({ js, connection }: NatsBench): void {
  const create = async () => {
    const name = `letters-${places++}`;
    const manager = await jetstreamManager(connection());
    await manager.streams.add({ name, subjects: [`${name}.>`] });
    const place = { stream: name, subject: `${name}.a` };
    return {
      place,
      stream: natsDeadLetters(js(), { subject: place.subject }),
      letters: () => Array.fromAsync(readNatsDeadLetters(js(), place)),
    };
  };
  testDeadLetters(it, { create });

  it("replays what a run could not load, and nothing of another subject", async () => {
    const { place, stream } = await create();
    await js().publish(`${place.stream}.b`, "no letter");
    let isMended = false;
    const loaded: number[] = [];
    const mended = {
      name: "mended",
      extract: () => [1, 2, 3, 4],
      transform: (n: number) => {
        if (n % 2 === 0 && !isMended) throw new Error("even");
        return n;
      },
      load: (rows: readonly number[]) => void loaded.push(...rows),
    };
    await etl(mended).run({ batchSize: 2, deadLetters: stream });
    isMended = true;
    await replay(readNatsDeadLetters<number>(js(), place), mended).run({ batchSize: 2 });
    expect(loaded).toEqual([1, 3, 2, 4]);
  });

  it("keeps as much of a letter as a message may have", async () => {
    const { stream, letters } = await create();
    const item = { id: 7, text: "\u20ac".repeat(2_000_000) };
    const letter: DeadLetter = {
      ...{ item, error: new Error("too large"), stage: "load", attempts: 2, offset: 5 },
      ...{ pipeline: "p", runId: "r", at: 1 },
    };
    const writer = stream.getWriter();
    await writer.write(letter);
    await writer.close();
    const [found] = await letters();
    expect(found).toMatchObject({ offset: 5, attempts: 2, pipeline: "p" });
    expect((found?.error as Error).message).toBe("too large");
    expect(found?.item).toMatchObject({ id: 7 });
  });

  it.each([
    [() => natsDeadLetters(js(), { subject: ">" }), "write dead letters as 'subject' must be"],
    [() => natsDeadLetters(js(), {} as never), "write dead letters as 'subject' must be"],
    [() => natsDeadLetters({} as NatsJetStream, { subject: "a" }), "as 'js' must be a client"],
    [() => readNatsDeadLetters(js(), { stream: "a", subject: "*" }), "'subject' must be a subject"],
    [() => readNatsDeadLetters(js(), { subject: "a" } as never), "'stream' must be a non-empty"],
  ])("refuses what breaks a rule: %#", (call, words) => {
    expect(call).toThrow(words);
  });
}
