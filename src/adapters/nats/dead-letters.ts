import { encodeItem, encodeLetter } from "../../dead-letters/dead-letter-json.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { readDeadLetters } from "../../dead-letters/ndjson-dead-letters.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import {
  checkOptions,
  fail,
  nonEmptyString,
  type OptionTable,
  positiveInteger,
} from "../../options.ts";
import { jetStreamClient, type NatsJetStream, type NatsStream, plainSubject } from "./client.ts";

/** The options of `natsDeadLetters`. */
export interface NatsDeadLettersOptions {
  /** The subject of the letters. A stream must accept it. */
  subject: string;
  /**
   * Maximum bytes of a letter; a larger one is cut to this size. It should be the `max_payload` of the
   * server.
   * @default {1_048_576}
   */
  maxBytes?: number | undefined;
}

const writeOptions: OptionTable<NatsDeadLettersOptions> = {
  subject: [plainSubject],
  maxBytes: [positiveInteger, 1_048_576],
};

/** Place from which `readNatsDeadLetters` reads letters. */
export interface NatsLettersPlace {
  /** The stream. */
  stream: string;
  /** The subject of the letters. */
  subject: string;
}

const readOptions: OptionTable<NatsLettersPlace> = {
  stream: [nonEmptyString],
  subject: [plainSubject],
};

/**
 * Keeps dead letters in a stream of NATS (JetStream). Each is a message of JSON, like the lines of
 * `ndjsonDeadLetters`. A letter is stored permanently once its write resolves. If a response was lost, it
 * may be stored twice.
 *
 * @throws {ConfigurationError} If an argument breaks its rule.
 *
 * @example The letters of a queue
 * ```ts ignore
 * const js = jetstream(connection);
 * await orders.run({ deadLetters: natsDeadLetters(js, { subject: "letters.orders" }) });
 * ```
 */
export function natsDeadLetters(
  js: NatsJetStream,
  options: NatsDeadLettersOptions,
): WritableStream<DeadLetter> {
  const action = "write dead letters";
  if (!jetStreamClient.test(js)) fail(action, "js", jetStreamClient.expected, js);
  const { subject, maxBytes } = checkOptions(action, options, writeOptions);
  if (subject === undefined) fail(action, "subject", plainSubject.expected, subject);
  return repeatableLetters({
    write: async (letter) => void await js.publish(subject, bytesOf(letter, maxBytes)),
  });
}

/**
 * Reads the dead letters of a subject, in the order in which they were written, up to the current last
 * one. They stay in the stream: purge the subject once they are replayed.
 *
 * @throws {ConfigurationError} If an argument breaks its rule.
 *
 * @example Once what was wrong is mended
 * ```ts ignore
 * const letters = readNatsDeadLetters(js, { stream: "LETTERS", subject: "letters.orders" });
 * await replay(letters, orders).run();
 * ```
 */
export function readNatsDeadLetters<E = unknown>(
  js: NatsJetStream,
  place: NatsLettersPlace,
): ReadableStream<DeadLetter<E>> {
  const action = "read dead letters";
  if (!jetStreamClient.test(js)) fail(action, "js", jetStreamClient.expected, js);
  const { stream: name, subject } = checkOptions(action, place, readOptions);
  if (name === undefined) fail(action, "stream", nonEmptyString.expected, name);
  if (subject === undefined) fail(action, "subject", plainSubject.expected, subject);
  let stream: NatsStream | undefined;
  let next = 1;
  const lines = new ReadableStream<Uint8Array>({
    async pull(output) {
      stream ??= await js.streams.get(name);
      const found = await stream.getMessage({ seq: next, next_by_subj: subject });
      if (found === null) return output.close();
      next = found.seq + 1;
      output.enqueue(found.data);
      output.enqueue(new Uint8Array([10])); // A line ends.
    },
  }, { highWaterMark: 0 });
  return readDeadLetters<E>(lines);
}

/** Returns a letter of at most `maxBytes`. */
function bytesOf(letter: DeadLetter, maxBytes: number): Uint8Array {
  const encoder = new TextEncoder();
  let bytes = encoder.encode(encodeLetter(letter));
  for (let budget = maxBytes >> 2; bytes.length > maxBytes && budget > 0; budget >>= 1) {
    const members = Object.entries(letter).map(([name, part]) =>
      `${JSON.stringify(name)}:${encodeItem(part, budget)}`
    );
    bytes = encoder.encode(`{${members.join(",")}}`);
  }
  return bytes;
}
