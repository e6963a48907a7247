import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { randomOf } from "./random.ts";

/** What a service takes. */
export interface ServiceOptions {
  /** A post of more rows is too large. */
  readonly maxRows: number;
  /** Rows whose id is a multiple of it are refused. */
  readonly refused: number;
  readonly seed: number;
}

/** What the service was sent. */
export interface ServiceTally {
  posts: number;
  /** Rows that it has taken. */
  readonly taken: number[];
  /** Posts with a key that it knew, which it has answered as before. */
  repeats: number;
  /** Posts with a key that it knew from other rows. */
  mismatches: number;
  readonly faults: Record<"tooLarge" | "limit" | "down" | "lost" | "reset" | "hang", number>;
}

type Fault = keyof ServiceTally["faults"];

/**
 * Takes posts of rows, each key once, and fails in every way: by asking for pauses, by being down, and
 * by connections that break before the rows were taken, and after. Some rows are refused by a 207.
 */
export class FaultyService {
  readonly tally: ServiceTally = {
    ...{ posts: 0, taken: [], repeats: 0, mismatches: 0 },
    faults: { tooLarge: 0, limit: 0, down: 0, lost: 0, reset: 0, hang: 0 },
  };
  readonly #options: ServiceOptions;
  readonly #random: () => number;
  readonly #known = new Map<string, { readonly body: string; readonly answer: string }>();
  readonly #server: Server;

  /** Makes the service; nobody can post to it before `open`. */
  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch(() => response.destroy()); // Whoever has sent it is gone.
    });
  }

  /** Begins to listen, and gives its address. */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rows`;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const rows = JSON.parse(body) as { id: number }[];
    this.tally.posts++;
    const fault = rows.length > this.#options.maxRows ? "tooLarge" : this.#fault();
    if (fault !== undefined) this.tally.faults[fault]++;
    const send = (status: number, headers: Record<string, string> = {}) =>
      void response.writeHead(status, headers).end();
    switch (fault) {
      case "tooLarge":
        return send(413);
      case "limit":
        return send(429, { "retry-after": "0.02" });
      case "down":
        return send(503);
      case "lost":
        return void request.socket.destroy();
    }
    const answer = this.#answerTo(String(request.headers["idempotency-key"]), body, rows);
    if (fault === "reset") request.socket.destroy();
    else if (fault !== "hang") response.writeHead(207).end(answer);
  }

  /** Takes the rows, unless the key is known. */
  #answerTo(key: string, body: string, rows: readonly { id: number }[]): string {
    const { tally } = this;
    const known = this.#known.get(key);
    if (known !== undefined) {
      tally.repeats++;
      if (known.body !== body) tally.mismatches++;
      return known.answer;
    }
    const statuses = rows.map(({ id }) => id % this.#options.refused === 0 ? 422 : 201);
    tally.taken.push(...rows.flatMap(({ id }, index) => statuses[index] === 201 ? [id] : []));
    const answer = JSON.stringify(statuses.map((status) => ({ status })));
    this.#known.set(key, { body, answer });
    return answer;
  }

  /** One of five posts fails; the 10th hangs. */
  #fault(): Fault | undefined {
    if (this.tally.posts === 10) return "hang";
    const draw = this.#random();
    if (draw < 0.04) return "limit";
    if (draw < 0.08) return "down";
    if (draw < 0.12) return "lost";
    return draw < 0.2 ? "reset" : undefined;
  }
}
