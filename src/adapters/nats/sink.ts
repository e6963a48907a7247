import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import { markOf } from "../../checkpoints/commit-mark.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import {
  asyncLoad,
  type CheckRows,
  type SinkLoad,
  sinkLoads,
  type Wrapped,
} from "../../checkpoints/sink-loads.ts";
import { BatchError } from "../../errors.ts";
import {
  callable,
  checkOptions,
  type Complete,
  fail,
  nonEmptyString,
  type OptionTable,
  positiveInteger,
} from "../../options.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import {
  jetStreamClient,
  kvBucket,
  type NatsHeaders,
  type NatsJetStream,
  type NatsKv,
  plainSubject,
} from "./client.ts";
import { MarkedStream } from "./marked-stream.ts";
import { NatsSinkCheckpoints } from "./sink-checkpoints.ts";

/** The options of `natsSink`. */
export interface NatsSinkOptions<T> {
  /** The stream. Its retention must be `"limits"`. */
  stream: string;
  /**
   * Prefix of the subjects: each checkpoint key has its own subject, with one more token. The stream must
   * accept `<subject>.*`.
   */
  subject: string;
  /** A bucket that stores which run claims which key. */
  claims: NatsKv;
  /** Makes headers: the function `headers` of the client. */
  headers: () => NatsHeaders;
  /** Encodes the rows of a batch as a message. @default {JSON, an array of the rows} */
  encode?: ((rows: readonly T[]) => Uint8Array | string) | undefined;
  /**
   * Maximum bytes of a message with its headers. A larger batch is split in two. It should be the
   * `max_payload` of the server.
   * @default {1_048_576}
   */
  maxBytes?: number | undefined;
}

/** The `load` of a sink. */
export interface NatsLoad<T> {
  /** Stores the rows as one message, together with the mark of the items they complete. */
  (rows: readonly T[], context: SinkLoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Number of items in a batch, unless the run options set it: 1000. */
  readonly batchSize: number;
}

/** Receives the rows to store once the wrapped function has returned. Call it at most once. */
export type NatsStage<T> = (rows: readonly T[], context?: SinkLoadContext) => Promise<void>;

/** A stream of NATS as the target of a pipeline. */
export interface NatsSink<T> {
  /** The `load` of the pipeline. */
  readonly load: NatsLoad<T>;
  /**
   * Wraps a function as the `load` of the pipeline. The rows that it passes to its third argument are
   * stored and marked once it has returned. If it fails, nothing is stored.
   */
  wrap<I>(fn: (rows: I[], context: LoadContext, load: NatsStage<T>) => unknown): NatsLoad<I>;
  /** The `checkpoints` of the run: `load` commits them together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
}

type Settings<T> = Complete<NatsSinkOptions<T>>;

const action = "construct natsSink";

/**
 * Stores each batch of rows as one message of a stream (JetStream). If the run has
 * `checkpoints: sink.checkpoints`, each row is in exactly one message after a crash at any moment and
 * another run, even if that run cuts other batches. The header `Millrace-Checkpoint` of the message has
 * the checkpoint after the batch, and the server stores the message only after the one that its run saw
 * last. Unlike message ids, this has no time limit.
 *
 * The messages of one key are stored one after the other; use more partitions to store more at once. A
 * message without data is only a mark, which readers skip. Without checkpoints a batch is stored at least
 * once, as `<subject>._`.
 *
 * The mark of a key is the last message of its subject, so the stream must keep it. With a `max_age` or a
 * limit of messages, no key may be idle for longer than that.
 *
 * @throws {ConfigurationError} If an argument breaks its rule.
 *
 * @example A second run finds all rows there
 * ```ts ignore
 * import { jetstream } from "@nats-io/jetstream";
 * import { Kvm } from "@nats-io/kv";
 * import { connect, headers } from "@nats-io/transport-node";
 * import { etl } from "millrace";
 * import { natsSink } from "millrace/nats";
 *
 * const connection = await connect({ servers: "localhost" });
 * const claims = await new Kvm(connection).create("etl", { allow_direct: false });
 * const sink = natsSink(jetstream(connection), { stream: "SALES", subject: "sales", claims, headers });
 * const sales = etl({ name: "sales", extract: () => [{ id: 1 }, { id: 2 }], load: sink.load });
 * await sales.run({ checkpoints: sink.checkpoints, guarantee: "effectively-once" });
 * ```
 */
export function natsSink<T extends object>(
  js: NatsJetStream,
  options: NatsSinkOptions<T>,
): NatsSink<T> {
  if (!jetStreamClient.test(js)) fail(action, "js", jetStreamClient.expected, js);
  const settings = checkSinkOptions(options);
  const stream = new MarkedStream(js, settings);
  const checkpoints = new NatsSinkCheckpoints(stream, settings.claims, settings.subject);
  const check: CheckRows = async (rows, context, isMarked) => {
    const { batch: { key } } = context;
    const mark = key === undefined ? undefined : markOf(key, context, isMarked);
    const isDone = rows.length === 0 || mark !== undefined && await checkpoints.has(mark);
    const data = isDone ? undefined : encoded(rows as readonly T[], settings);
    return async () => {
      if (mark !== undefined) return await checkpoints.commit(mark, data);
      if (data !== undefined) await stream.add(data);
    };
  };
  const { load, wrap } = sinkLoads(checkpoints, check);
  const declared = (load: SinkLoad) => asyncLoad(checkpoints, load);
  return {
    load: declared(load) as unknown as NatsLoad<T>,
    wrap: ((fn: Wrapped) => declared(wrap(fn))) as unknown as NatsSink<T>["wrap"],
    checkpoints,
  };
}

function checkSinkOptions<T>(options: NatsSinkOptions<T>): Settings<T> {
  const table: OptionTable<NatsSinkOptions<T>> = {
    stream: [nonEmptyString],
    subject: [plainSubject],
    claims: [kvBucket],
    headers: [callable],
    encode: [callable, jsonOf],
    maxBytes: [positiveInteger, 1_048_576],
  };
  const settings = checkOptions(action, options, table);
  for (const name of ["stream", "subject", "claims", "headers"] as const) {
    if (settings[name] === undefined) fail(action, name, table[name][0].expected, undefined);
  }
  return settings;
}

/** Rows as bytes. */
function encoded<T>(rows: readonly T[], { encode }: Settings<T>): Uint8Array {
  const data = encode(rows);
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

/** Rows as JSON, which tells the rows that have none. */
function jsonOf(rows: readonly unknown[]): string {
  const failures = new Map<number, unknown>();
  const texts = rows.map((row, index) => {
    try {
      return JSON.stringify(row);
    } catch (error) {
      failures.set(index, error);
      return "";
    }
  });
  if (failures.size > 0) throw new BatchError(failures);
  return `[${texts.join(",")}]`;
}
