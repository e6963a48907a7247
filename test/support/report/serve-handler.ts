import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

/** A server on the loopback interface. */
export interface LocalServer {
  /** Its address, which ends with a slash. */
  readonly url: string;
  /** Ends it, with all connections. */
  close(): Promise<void>;
}

/** Serves what a handler of requests gives, as web servers of other runtimes do. */
export async function serveHandler(
  handle: (request: Request) => Response | Promise<Response>,
): Promise<LocalServer> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const { method = "GET", url = "/" } = incoming;
      const hasBody = method !== "GET" && method !== "HEAD";
      const headers = Object.entries(incoming.headers)
        .map(([name, value]): [string, string] => [name, String(value)]);
      const init = {
        ...{ method, headers },
        ...(hasBody && { body: Readable.toWeb(incoming), duplex: "half" }),
      } as RequestInit;
      const response = await handle(new Request(`http://localhost${url}`, init));
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      if (response.body === null) return void outgoing.end();
      const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
      outgoing.on("close", () => body.destroy());
      body.on("error", () => outgoing.destroy());
      body.pipe(outgoing);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
