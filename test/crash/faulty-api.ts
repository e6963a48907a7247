import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { randomOf } from "./random.ts";

/** How a list is served. */
export interface ApiOptions {
  /** Rows at the beginning, with the ids from 1 on. */
  readonly rows: number;
  /** Rows of a page. */
  readonly pageSize: number;
  /** Requests of one process in any time of `interval`, in milliseconds. */
  readonly limit: number;
  readonly interval: number;
  /** How long an answer takes, in milliseconds. */
  readonly delay: number;
  readonly seed: number;
}

/** What has gone wrong, and how often. */
export interface ApiTally {
  requests: number;
  /** Requests beyond the limit, or in a pause that their process was told of. */
  violations: number;
  faults: Record<"status" | "reset" | "cut" | "hang" | "seconds" | "date", number>;
}

/** What one process was told, and has asked for. */
interface Client {
  readonly times: number[];
  pausedUntil: number;
}

/**
 * A list of rows over HTTP, in pages by `offset`, that fails in every way: by status, by connections
 * that break, by half an answer, by none at all, and by asking for pauses. Meanwhile new rows come in
 * before all others. Each request says by which process, and when by its clock, it was made.
 */
export class FaultyApi {
  readonly tally: ApiTally = {
    requests: 0,
    violations: 0,
    faults: { status: 0, reset: 0, cut: 0, hang: 0, seconds: 0, date: 0 },
  };
  readonly #options: ApiOptions;
  readonly #random: () => number;
  readonly #ids: number[];
  readonly #clients = new Map<string, Client>();
  readonly #server: Server;

  /** Makes the list; nobody can ask for it before `open`. */
  constructor(options: ApiOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
    this.#ids = Array.from({ length: options.rows }, (_, index) => index + 1);
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** Begins to listen, and gives the address of the list. */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rows`;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { tally } = this;
    const url = new URL(request.url!, "http://localhost");
    const client = this.#watch(request);
    if (++tally.requests % 3 === 0) this.#ids.unshift(this.#ids.length + 1);
    const fault = this.#fault();
    if (fault !== undefined) tally.faults[fault]++;
    const send = (status: number, text: string, headers: Record<string, string> = {}) =>
      setTimeout(() => response.writeHead(status, headers).end(text), this.#options.delay);
    switch (fault) {
      case "status":
        return void send(500, "down");
      case "reset":
        return void request.socket.destroy();
      case "hang":
        return;
      case "seconds":
        client.pausedUntil = Date.now() + 100;
        return void send(429, "", { "retry-after": "0.1" });
      case "date": {
        const until = new Date(Math.ceil(Date.now() / 1000) * 1000);
        client.pausedUntil = until.getTime();
        return void send(503, "", { "retry-after": until.toUTCString() });
      }
    }
    const offset = Number(url.searchParams.get("offset"));
    const page = this.#ids.slice(offset, offset + this.#options.pageSize).map((id) => ({ id }));
    const text = JSON.stringify({ rows: page, total: this.#ids.length });
    send(200, fault === "cut" ? text.slice(0, text.length >> 1) : text);
  }

  /** One of a thousand hangs, and so does the 10th; pauses come in both forms. */
  #fault(): keyof ApiTally["faults"] | undefined {
    const { requests } = this.tally;
    if (requests === 10) return "hang";
    if (requests === 20) return "date";
    const draw = this.#random();
    if (draw < 0.05) return "status";
    if (draw < 0.07) return "reset";
    if (draw < 0.09) return "cut";
    if (draw < 0.11) return "seconds";
    return draw < 0.113 ? "date" : undefined;
  }

  /** Counts what a process should not have asked for, by its own clock. */
  #watch({ headers }: IncomingMessage): Client {
    const life = String(headers["x-life"]);
    const time = Number(headers["x-time"]);
    const client = this.#clients.get(life) ?? { times: [], pausedUntil: 0 };
    this.#clients.set(life, client);
    const { limit, interval } = this.#options;
    const before = client.times.at(-limit);
    const isTooMany = before !== undefined && time - before < interval;
    if (isTooMany || time < client.pausedUntil) this.tally.violations++;
    client.times.push(time);
    return client;
  }
}
