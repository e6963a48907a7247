import type { FollowedRun } from "../adapters/report/progress-events.ts";
import { setTimer } from "../runtime/timer.ts";
import type { Terminal } from "./terminal.ts";

/** The subset of a request of `node:http`. */
interface Incoming {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: { readonly host?: string | undefined };
}

/** The subset of a response of `node:http`. */
interface Outgoing {
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(bytes: Uint8Array): unknown;
  end(text?: string): unknown;
  on(event: "close", listener: () => void): unknown;
}

/** The subset of a server of `node:http`. */
interface Server {
  listen(port: number, host: string, ready: () => void): unknown;
  once(event: "error", listener: (error: unknown) => void): unknown;
  address(): { readonly port: number };
  close(ended: () => void): unknown;
  closeAllConnections(): void;
}

/** Time in which pages may fetch the end of a run, in milliseconds. */
const patience = 2_000;

/**
 * Serves a page that follows a run, on the loopback interface only, and says where. Returns a function
 * that ends it, once the pages that are open have shown the end of the run.
 */
export async function serveLive(
  run: FollowedRun,
  { stderr }: Terminal,
): Promise<() => Promise<void>> {
  const { progressEvents, progressPage } = await import("../adapters/report.ts");
  // @ts-ignore: the package is checked without the types of any host.
  const { createServer }: { createServer(serve: unknown): Server } = await import("node:http");
  const page = progressPage({ events: "/events" });
  const server = createServer((request: Incoming, response: Outgoing) => {
    const { port } = server.address();
    // A page of another site that has its name point here is not to read anything.
    if (![`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.host ?? "")) {
      answer(response, 403, "Not from here");
    } else if (request.method !== "GET") answer(response, 405, "Only GET");
    else if (request.url === "/events") void send(progressEvents(run), response);
    else if (request.url === "/") answer(response, 200, page, "text/html; charset=utf-8");
    else answer(response, 404, "Nothing is here");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  stderr.write(`Follow it at http://127.0.0.1:${server.address().port}/\n`);
  return () =>
    new Promise((resolve) => {
      const cancel = setTimer(patience, () => server.closeAllConnections());
      server.close(() => {
        cancel();
        resolve();
      });
    });
}

function answer(response: Outgoing, status: number, text: string, type = "text/plain"): void {
  response.writeHead(status, { "content-type": type, "connection": "close" });
  response.end(text);
}

/** Sends events as they come, until the reader goes away. */
async function send({ status, headers, body }: Response, response: Outgoing): Promise<void> {
  const reader = body!.getReader();
  response.on("close", () => void reader.cancel().catch(() => {}));
  response.writeHead(status, { ...Object.fromEntries(headers), "connection": "close" });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      response.write(value);
    }
  } catch {
    // The page finds its connection lost, and connects again.
  }
  response.end();
}
