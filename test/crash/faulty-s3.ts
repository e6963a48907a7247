import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { FakeS3 } from "../support/object/fake-s3.ts";

/** A bucket behind a server that is slow, refuses, loses answers and breaks connections. */
export class FaultyS3 {
  /** The bucket itself, without faults. */
  readonly s3: FakeS3 = new FakeS3({ pageSize: 50 });
  readonly #server: Server;
  readonly #random: () => number;
  readonly #delay: number;
  readonly #pending = new Set<Promise<void>>();
  /** Requests that were refused, whose answer was lost, or whose connection was broken. */
  faults = 0;

  /** Makes the server; each request waits so long at most, and may take effect when nobody waits. */
  constructor({ random, delay }: { random: () => number; delay: number }) {
    this.#random = random;
    this.#delay = delay;
    this.#server = createServer((request, response) => {
      const answering = this.#answer(request, response).catch(() => void response.destroy())
        .finally(() => this.#pending.delete(answering));
      this.#pending.add(answering);
    });
  }

  /** Listens, and gives the address of the bucket. */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/bucket`;
  }

  /** Settles when nothing is on its way any more. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const [kind, when] = [this.#random(), this.#random()];
    if (kind < 0.03) return this.#refuse(response);
    if (kind < 0.2) await wait(when * this.#delay); // Whoever has sent it may be dead by then.
    const { method = "GET", url = "/" } = request;
    const headers = Object.fromEntries(
      ["if-none-match", "range"].flatMap((name) => {
        const value = request.headers[name];
        return typeof value === "string" ? [[name, value] as const] : [];
      }),
    );
    const body = Uint8Array.from(Buffer.concat(chunks));
    const answer = await this.s3.fetch(`http://s3.example${url}`, { method, headers, body });
    this.s3.requests.length = 0;
    if (kind > 0.97) return this.#refuse(response);
    if (kind > 0.94) return this.#break(response);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(new Uint8Array(await answer.arrayBuffer()));
  }

  #refuse(response: ServerResponse): void {
    this.faults++;
    response.writeHead(500);
    response.end();
  }

  #break(response: ServerResponse): void {
    this.faults++;
    response.destroy();
  }
}
