import { denoHost, type HostProcess, hostProcess, isBun } from "../../runtime/detect.ts";
import { messageFrom, type Reply, type Request, threadMark } from "./messages.ts";

/** Port through which a thread talks to its starter. */
export interface ThreadPort {
  /** Sends a message. */
  post(reply: Reply, transfer?: object[]): void;
  /** Takes the messages that come. */
  listen(onRequest: (request: Request) => void): void;
}

/** A port of `node:worker_threads`. */
interface NodePort {
  postMessage(message: unknown, transfer?: readonly object[]): void;
  on(event: "message", listener: (data: unknown) => void): unknown;
}

/** The global scope of a thread of the web. */
interface WorkerScope {
  postMessage(message: unknown, transfer: object[]): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  close?(): void;
}

/** The port of the thread that this is; `undefined` where it is none of this package. */
export function threadPort(): ThreadPort | undefined {
  const host = hostProcess();
  const port = nodePort(host);
  if (port !== undefined) {
    return {
      post: (reply, transfer) => port.postMessage(reply, transfer),
      listen: (onRequest) => port.on("message", (data) => take(data, onRequest)),
    };
  }
  const { DedicatedWorkerGlobalScope: Scope } = globalThis as {
    DedicatedWorkerGlobalScope?: abstract new () => unknown;
  };
  if (Scope === undefined || !(globalThis instanceof Scope)) return undefined;
  const scope = globalThis as unknown as WorkerScope;
  tellOfExits(scope, host);
  return {
    post: (reply, transfer = []) => scope.postMessage(reply, transfer),
    listen: (onRequest) => scope.addEventListener("message", ({ data }) => take(data, onRequest)),
  };
}

function take(data: unknown, onRequest: (request: Request) => void): void {
  const request = messageFrom<Request>(data);
  if (request?.millrace === "items") onRequest(request);
}

function nodePort(host: HostProcess | undefined): NodePort | undefined {
  const threads = host?.getBuiltinModule?.("node:worker_threads") as {
    isMainThread: boolean;
    workerData: { [threadMark]?: NodePort } | null | undefined;
    parentPort: NodePort | null;
  } | undefined;
  if (threads === undefined || threads.isMainThread) return undefined;
  const { workerData, parentPort } = threads;
  // A `Worker` of the web on Bun, which a function has made, has no data, and no scope of its own.
  if (isBun() && workerData == null) return parentPort ?? undefined;
  return workerData?.[threadMark];
}

/** A thread of the web that ends by itself tells nobody, so that one would wait for it forever. */
function tellOfExits(scope: WorkerScope, host: HostProcess | undefined): void {
  const tell = (code: unknown) => scope.postMessage({ millrace: "exit", code }, []);
  wrap(scope, "close", () => tell(0));
  wrap(denoHost(), "exit", tell);
  wrap(host, "exit", tell);
}

function wrap<N extends string>(
  owner: object | undefined,
  name: N,
  first: (code: unknown) => void,
) {
  const holder = owner as Record<N, (...args: unknown[]) => unknown> | undefined;
  const original = holder?.[name];
  if (holder === undefined || typeof original !== "function") return;
  const value = (...args: unknown[]) => {
    first(args[0] ?? 0);
    return original.apply(holder, args);
  };
  Object.defineProperty(holder, name, { value, configurable: true, writable: true });
}
