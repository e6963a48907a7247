import { checkCheckpoint, type Checkpoint } from "../../checkpoints/checkpoint.ts";
import { CheckpointError, messageOf, propertyOf, SplitError } from "../../errors.ts";
import { fail } from "../../options.ts";
import { leaveOpen } from "../../retry/open-outcome.ts";
import {
  codeOf,
  isOutOfTurn,
  type NatsHeaders,
  type NatsJetStream,
  type NatsStream,
} from "./client.ts";
import { keyToken } from "./key-token.ts";

/** Checkpoint of the key of a subject, as a message has it. */
export interface Mark {
  /** The checkpoint after the message. */
  readonly checkpoint: Checkpoint | undefined;
  /** The run whose loads have committed their marks to it. */
  readonly loadedBy: string | undefined;
}

/** The last message of a subject. */
export interface Head {
  /** Its place in the stream; 0 where there is none. */
  readonly seq: number;
  /** Reads its mark; throws if it has none. */
  mark(): Mark;
}

/** Stream and subject of messages. */
export interface StreamSettings {
  readonly stream: string;
  readonly subject: string;
  readonly headers: () => NatsHeaders;
  readonly maxBytes: number;
}

const markHeader = "Millrace-Checkpoint";
const ownHeaders = 200; // Bytes: what the client adds, and the names.
const action = "load rows";

/** The subjects of a sink in a stream, one for each key of a checkpoint, whose messages have marks. */
export class MarkedStream {
  readonly #js: NatsJetStream;
  readonly #settings: StreamSettings;
  #stream: Promise<NatsStream> | undefined;

  constructor(js: NatsJetStream, settings: StreamSettings) {
    this.#js = js;
    this.#settings = settings;
  }

  /** The last message of a key. */
  async head(key: string): Promise<Head> {
    const stream = await this.#open();
    const found = await stream.getMessage({ last_by_subj: await this.#subjectOf(key) });
    if (found === null) {
      return { seq: 0, mark: () => ({ checkpoint: undefined, loadedBy: undefined }) };
    }
    return { seq: found.seq, mark: () => markIn(key, found.header.get(markHeader)) };
  }

  /**
   * Stores a message with a mark behind the head; gives `undefined` and stores nothing if that is not
   * the last message any more.
   * @throws {SplitError} If it is larger than a server takes.
   */
  async append(
    key: string,
    head: Head,
    data: Uint8Array,
    mark: Mark,
  ): Promise<Head | undefined> {
    const headers = this.#settings.headers();
    const text = asciiOf(JSON.stringify({ key, ...mark }));
    headers.set(markHeader, text);
    const expect = { lastSubjectSequence: head.seq };
    try {
      const subject = await this.#subjectOf(key);
      const seq = await this.#publish(subject, data, { headers, expect }, text.length);
      return { seq, mark: () => mark };
    } catch (error) {
      if (isOutOfTurn(error)) return undefined;
      throw error;
    }
  }

  /** Stores a message of no key, which has no mark. */
  async add(data: Uint8Array): Promise<void> {
    await this.#publish(`${this.#settings.subject}._`, data, {}, 0);
  }

  /** Removes a message. */
  async remove(seq: number): Promise<void> {
    await (await this.#open()).deleteMessage(seq);
  }

  async #publish(
    subject: string,
    data: Uint8Array,
    options: { headers?: NatsHeaders; expect?: { lastSubjectSequence: number } },
    headerSize: number,
  ): Promise<number> {
    const { maxBytes } = this.#settings;
    const size = data.length + headerSize + ownHeaders;
    if (size > maxBytes) {
      throw new SplitError(
        `The rows are a message of ${size} bytes, and 'maxBytes' is ${maxBytes}`,
      );
    }
    try {
      return (await this.#js.publish(subject, data, options)).seq;
    } catch (error) {
      if (isOutOfTurn(error)) throw error;
      if (messageOf(error).includes("max_payload")) { // The client knows the limit of the server.
        const told = `The rows are a message of ${size} bytes, which the server does not take`;
        throw new SplitError(told, { cause: error });
      }
      if (propertyOf(error, "name") === "JetStreamNotEnabled") await this.#checkSubject(subject);
      throw leaveOpen(error);
    }
  }

  /** Checks the subject after no answer: the stream is missing, or does not accept the subject. */
  async #checkSubject(subject: string): Promise<void> {
    this.#stream = undefined;
    await this.#open();
    const { stream } = this.#settings;
    fail(
      action,
      "subject",
      `a subject that the stream '${stream}' also accepts with one more token`,
      subject,
    );
  }

  #open(): Promise<NatsStream> {
    return this.#stream ??= this.#find().catch((error: unknown) => {
      this.#stream = undefined;
      throw error;
    });
  }

  async #find(): Promise<NatsStream> {
    const name = this.#settings.stream;
    let stream: NatsStream;
    try {
      stream = await this.#js.streams.get(name);
    } catch (error) {
      if (codeOf(error) !== 10059) throw error; // "stream not found"
      fail(action, "stream", "a stream of the server", name);
    }
    const { retention } = (await stream.info()).config;
    if (retention !== "limits") {
      const rule =
        "a stream with the retention 'limits', as the last message of a subject is its mark";
      fail(action, "stream", rule, `${name}, with '${retention}'`);
    }
    return stream;
  }

  async #subjectOf(key: string): Promise<string> {
    return `${this.#settings.subject}.${await keyToken(action, key)}`;
  }
}

function markIn(key: string, text: string): Mark {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(key, "the last message of its subject has none", { cause });
  }
  const { key: found, checkpoint, loadedBy } = Object(value) as Partial<Mark> & { key?: unknown };
  if (found !== key) throw new CheckpointError(key, "the last message belongs to another key");
  return {
    checkpoint: checkpoint === undefined ? undefined : checkCheckpoint(key, checkpoint),
    loadedBy,
  };
}

/** JSON of the characters that a header has place for. */
function asciiOf(json: string): string {
  return json.replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
