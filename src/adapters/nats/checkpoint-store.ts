import {
  checkCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  encodeCheckpoint,
} from "../../checkpoints/checkpoint.ts";
import { planWrite } from "../../checkpoints/plan-commit.ts";
import { fail } from "../../options.ts";
import { kvBucket, type NatsKv } from "./client.ts";
import { claimKey, decodeKey, encodeKey, type KeptKey, releaseKey } from "./kept-key.ts";
import { type Change, changeText, readText } from "./kept-value.ts";
import { keyToken } from "./key-token.ts";

/**
 * Keeps checkpoints in a bucket of NATS (JetStream), for any number of processes. Each bucket key holds a
 * checkpoint and its claim, which change together, by compare-and-set. The bucket key is the checkpoint's
 * key in Base64, or a hash of a long key.
 *
 * The mark of a load is written after the load, so after a crash in between, the load is repeated. A sink
 * that commits both at once, such as `natsSink`, loads every item exactly once.
 *
 * Create a bucket of several replicas with `allow_direct: false`, so that not every replica may answer.
 *
 * @example A checkpoint that one process writes and the next one reads
 * ```ts ignore
 * import { connect } from "@nats-io/transport-node";
 * import { Kvm } from "@nats-io/kv";
 * import { NatsCheckpointStore } from "millrace/nats";
 *
 * const connection = await connect({ servers: "localhost" });
 * const bucket = await new Kvm(connection).create("etl", { allow_direct: false });
 * const checkpoints = new NatsCheckpointStore(bucket);
 * await users.run({ checkpoints });
 * ```
 */
export class NatsCheckpointStore implements Required<CheckpointStore> {
  readonly #kv: NatsKv;
  readonly #turns = new Map<string, object>();

  /**
   * Creates a store, without any access to the bucket.
   * @throws {ConfigurationError} If the argument is not a bucket.
   */
  constructor(kv: NatsKv) {
    if (!kvBucket.test(kv)) {
      fail("construct NatsCheckpointStore", "kv", kvBucket.expected, kv);
    }
    this.#kv = kv;
  }

  /**
   * Returns the checkpoint of a key, if there is one.
   * @throws {CheckpointError} If the stored value is not a checkpoint: a run must not start from zero
   *   then.
   */
  async read(key: string): Promise<Checkpoint | undefined> {
    return checkpointOf(key, decodeKey(key, await readText(this.#kv, await pathOf(key))));
  }

  /**
   * Stores the checkpoint of a key.
   * @throws {FencedError} If a run other than `checkpoint.runId` claims the key, or has finished items
   *   that the checkpoint lacks.
   * @throws {ConfigurationError} If JSON cannot hold a position.
   */
  async write(key: string, checkpoint: Checkpoint, signal?: AbortSignal): Promise<void> {
    const stored: unknown = JSON.parse(encodeCheckpoint(checkpoint));
    const keptIn = (text: string | undefined): KeptKey => {
      try {
        return decodeKey(key, text);
      } catch (error) {
        if (checkpoint.runId !== undefined) throw error;
        return {}; // It is written by hand, and may repair what is there.
      }
    };
    await this.#change(key, signal, (text) => {
      const kept = keptIn(text);
      const { claim } = kept;
      planWrite(key, checkpoint, { owner: claim?.runId, stored: () => checkpointOf(key, kept) });
      return { next: encodeKey(key, { claim, checkpoint: stored }), result: undefined };
    });
  }

  /**
   * Claims a key for a run, or renews its claim, and returns the claim in force. Another run gets the key
   * once the owner's `until` is not above `now`.
   */
  claim(key: string, claim: Claim, now: number, signal?: AbortSignal): Promise<Claim> {
    return this.#change(key, signal, (text) => claimKey(key, decodeKey(key, text), claim, now));
  }

  /** Ends the claim of a run, if it owns the key. */
  release(key: string, runId: string, signal?: AbortSignal): Promise<void> {
    return this.#change(key, signal, (text) => releaseKey(key, decodeKey(key, text), runId));
  }

  async #change<R>(
    key: string,
    signal: AbortSignal | undefined,
    change: (text: string | undefined) => Change<R>,
  ): Promise<R> {
    return await changeText(this.#kv, await pathOf(key), this.#turns, change, signal);
  }
}

async function pathOf(key: string): Promise<string> {
  return `checkpoint.${await keyToken("use a checkpoint", key)}`;
}

function checkpointOf(key: string, { checkpoint }: KeptKey): Checkpoint | undefined {
  return checkpoint === undefined ? undefined : checkCheckpoint(key, checkpoint);
}
