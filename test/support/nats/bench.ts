import { Kvm } from "@nats-io/kv";
import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll } from "vitest";
import type { NatsKv } from "../../../src/adapters/nats.ts";
import { type NatsServer, startNats } from "./server.ts";

/** What the tests of NATS share: one server and one connection. */
export interface NatsBench {
  server(): NatsServer;
  connection(): NatsConnection;
  js(): JetStreamClient;
  /** A bucket that all tests use. */
  bucket(): NatsKv;
  /** The same for tests that kill the server: an answer is not waited for long. */
  readonly hasty: Pick<NatsBench, "js" | "bucket">;
}

const patience = 30_000; // ms: an answer may be late where the machine is busy.
const haste = 1000;

/** Starts a server before the tests of a file, and stops it after them. */
export function natsBench(): NatsBench {
  let server: NatsServer | undefined;
  let connection: NatsConnection | undefined;
  let [bucket, hastyBucket]: NatsKv[] = [];
  beforeAll(async () => {
    server = await startNats();
    connection = await connect({
      ...{ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 },
    });
    const open = (timeout: number) =>
      new Kvm(jetstream(connection!, { timeout })).create("bench", { allow_direct: false });
    [bucket, hastyBucket] = [await open(patience), await open(haste)];
  }, 180_000);
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
  }, 180_000);
  return {
    server: () => server!,
    connection: () => connection!,
    js: () => jetstream(connection!, { timeout: patience }),
    bucket: () => bucket!,
    hasty: {
      js: () => jetstream(connection!, { timeout: haste }),
      bucket: () => hastyBucket!,
    },
  };
}
