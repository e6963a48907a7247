import type { Database, Listen } from "../database.ts";

/** Events of a client of `pg`, beside the methods that are used elsewhere. */
interface TellingClient {
  on(event: string, listener: (message: never) => void): unknown;
  removeListener(event: string, listener: (message: never) => void): unknown;
}

/** A client of `pg` that is connected here. */
interface OwnClient extends TellingClient {
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  end(): Promise<void>;
}

/** Listens on the one connection of a client. */
export function listenOn(client: object, { values }: Pick<Database, "values">): Listen {
  const telling = client as TellingClient;
  return async (channel, { onNotify, onLost }) => {
    // Stays registered to the end of the connection, as others may hear by it.
    await values(`listen ${channel}`);
    return follow(telling, channel, onNotify, onLost);
  };
}

/**
 * Listens on a connection beside those of a pool: one of the pool would be missing where all of them
 * are in use by waiters. Returns nothing if the pool does not say how it connects.
 */
export function listenBeside(pool: object): Listen | undefined {
  type Make = new (options: unknown) => OwnClient;
  const { Client, options } = pool as { Client?: Make; options?: unknown };
  if (typeof Client !== "function") return undefined;
  return async (channel, { onNotify, onLost }) => {
    const client = new Client(options);
    client.on("error", () => {}); // An event that nobody hears ends Node.
    const end = () => client.end().catch(() => {}); // It was lost.
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (error) {
      await end();
      throw error;
    }
    const unfollow = follow(client, channel, onNotify, onLost);
    return () => {
      unfollow();
      return end();
    };
  };
}

function follow(
  client: TellingClient,
  channel: string,
  onNotify: (payload: string) => void,
  onLost: () => void,
): () => void {
  const listeners = {
    notification: (message: { channel: string; payload?: string }) => {
      if (message.channel === channel) onNotify(message.payload ?? "");
    },
    error: onLost,
    end: onLost,
  };
  for (const [event, listener] of Object.entries(listeners)) client.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) {
      client.removeListener(event, listener);
    }
  };
}
