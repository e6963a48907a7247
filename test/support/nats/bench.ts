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
}

/** Starts a server before the tests of a file, and stops it after them. */
export function natsBench(): NatsBench {
  let server: NatsServer | undefined;
  let connection: NatsConnection | undefined;
  let bucket: NatsKv | undefined;
  beforeAll(async () => {
    server = await startNats();
    connection = await connect({
      ...{ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 },
    });
    bucket = await new Kvm(jetstream(connection, { timeout: 1000 })).create("bench", {
      allow_direct: false,
    });
  }, 180_000);
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
  }, 180_000);
  return {
    server: () => server!,
    connection: () => connection!,
    js: () => jetstream(connection!, { timeout: 1000 }),
    bucket: () => bucket!,
  };
}
