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
 * Keeps checkpoints in a bucket of NATS (JetStream), for any number of processes. Each key of it has a
 * checkpoint and its claim, which change together, by compare-and-set. It is named by the
 * letters of the checkpoint's key in Base64, or by a hash of a long one.
 *
 * The mark of a load is written after the load, so what a crash falls between is loaded again. A
 * sink that commits both at once, such as `natsSink`, loads every item exactly once.
 *
 * A bucket of several replicas must not answer from any of them: create it with `allow_direct: false`.
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
   * Makes a store that has read and written nothing yet.
   * @throws {ConfigurationError} If it is given no bucket.
   */
  constructor(kv: NatsKv) {
    if (!kvBucket.test(kv)) {
      fail("construct NatsCheckpointStore", "kv", kvBucket.expected, kv);
    }
    this.#kv = kv;
  }

  /**
   * The checkpoint of a key, if there is one.
   * @throws {CheckpointError} If what is stored is none: a run must not begin from zero then.
   */
  async read(key: string): Promise<Checkpoint | undefined> {
    return checkpointOf(key, decodeKey(key, await readText(this.#kv, await pathOf(key))));
  }

  /**
   * Keeps the checkpoint of a key.
   * @throws {FencedError} If the key is claimed by another run than `checkpoint.runId`, or another
   * one has finished what the checkpoint lacks.
   * @throws {ConfigurationError} If a position is not what JSON can hold.
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
