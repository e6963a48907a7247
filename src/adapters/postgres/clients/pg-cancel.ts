import { setTimer } from "../../../runtime/timer.ts";

/** A connection of `pg`, below its client. */
interface PgConnection {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: unknown): void;
  readonly stream: { destroy(): void };
}

/** Undocumented members of a client of `pg` that describe its connection. */
export interface PgInternals {
  readonly connection?: PgConnection;
  readonly processID?: number | null;
  readonly secretKey?: unknown;
  readonly host?: string;
  readonly port?: number;
  readonly ssl?: unknown;
  readonly sslNegotiation?: string;
}

const connectTimeout = 1000; // Milliseconds for the second connection, and what it asks.

/**
 * Asks the server to end what runs on the connection of a client, over a second one, which needs
 * neither a password nor a place among the connections, and which a pooler understands. Resolves when
 * the server has closed that: then the request has arrived.
 */
export function cancelRequest(client: PgInternals, makeStream?: unknown): Promise<void> {
  const { connection, processID, secretKey, host, port, ssl, sslNegotiation } = client;
  if (connection === undefined || typeof processID !== "number" || port === undefined) {
    return Promise.reject(new Error("The client does not expose its connection"));
  }
  type Make = new (config: object) => PgConnection;
  const Connection = connection.constructor as Make;
  const stream = typeof makeStream === "function" ? makeStream : undefined;
  const second = new Connection({ ssl, sslNegotiation, stream });
  return new Promise((resolve, reject) => {
    const stopTimer = setTimer(connectTimeout, () => {
      second.stream.destroy();
      reject(new Error("The server does not respond"));
    });
    const send = () => second.cancel(processID, secretKey);
    second.on("connect", () => {
      if (!ssl) send();
      else if (sslNegotiation !== "direct") second.requestSsl();
    });
    second.on("sslconnect", send);
    second.on("error", reject);
    second.on("end", () => {
      stopTimer();
      resolve();
    });
    if (host?.startsWith("/")) second.connect(`${host}/.s.PGSQL.${port}`);
    else second.connect(port, host);
  });
}
