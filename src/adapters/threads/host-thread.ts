import { hostProcess, isWorkerd } from "../../runtime/detect.ts";
import { messageFrom, type Reply, type Request, threadMark } from "./messages.ts";
import type { ThreadLimits } from "./options.ts";

/** Reason why a thread has ended. */
export type Ending =
  | { readonly failure: "exit"; readonly code: unknown }
  | { readonly failure: "error"; readonly cause: unknown };

/** Callbacks of a thread. */
export interface ThreadListener {
  /** Called when a message has arrived. */
  onReply(reply: Reply): void;
  /** Called once when it has ended, or can no longer be trusted; not called after `terminate`. */
  onEnd(ending: Ending): void;
}

/** A thread, as one runtime or another has it. */
export interface HostThread {
  /** Sends a message. Throws where it cannot be cloned. */
  post(request: Request, transfer: object[] | undefined): void;
  /** Ends it at once. */
  terminate(): Promise<void>;
  /** Sets whether it keeps the process alive. Missing on runtimes that cannot release it. */
  hold?(isHeld: boolean): void;
}

/** Address of the module of a thread, or a function that makes its worker. */
export type ThreadModule = string | (() => unknown);

/** The part of `node:worker_threads` that is used, which Deno and Bun have too. */
interface NodeThreads {
  Worker: new (url: URL, options: object) => NodeWorker;
  MessageChannel: new () => { port1: NodePort; port2: NodePort };
}

interface NodeWorker {
  on(event: "messageerror" | "error" | "exit", listener: (data: unknown) => void): this;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
}

interface NodePort {
  postMessage(message: unknown, transfer?: readonly object[]): void;
  on(event: "message" | "messageerror", listener: (data: unknown) => void): this;
  close(): void;
  ref(): void;
  unref(): void;
}

/** A `Worker` of the web; `ref` and `unref` on Bun. */
interface WebWorker {
  postMessage(message: unknown, transfer: object[]): void;
  addEventListener(type: string, listener: (event: WorkerEvent) => void): void;
  removeEventListener(type: string, listener: (event: WorkerEvent) => void): void;
  terminate(): void;
  ref?(): void;
  unref?(): void;
}

interface WorkerEvent {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly message?: string;
  readonly code?: unknown;
  preventDefault(): void;
}

type WebWorkerClass = new (url: string, options: object) => WebWorker;

function nodeThreads(): NodeThreads | undefined {
  const threads = hostProcess()?.getBuiltinModule?.("node:worker_threads");
  return isWorkerd() ? undefined : threads as NodeThreads | undefined; // There it begins none.
}

function webWorkerClass(): WebWorkerClass | undefined {
  return (globalThis as { Worker?: WebWorkerClass }).Worker;
}

/** Tells whether the runtime can begin a thread of a module. */
export function hasThreads(): boolean {
  return nodeThreads() !== undefined || webWorkerClass() !== undefined;
}

/**
 * Begins a thread.
 * @throws {unknown} What the runtime, or the function that is to give a `Worker`, throws; `TypeError`
 * if it gives something else.
 */
export function startThread(
  module: ThreadModule,
  limits: ThreadLimits | undefined,
  listener: ThreadListener,
): HostThread {
  if (typeof module === "function") {
    const worker = module() as WebWorker | undefined;
    if (typeof worker?.addEventListener !== "function") {
      throw new TypeError("The function gave no Worker of the web");
    }
    return webThread(worker, listener);
  }
  const threads = nodeThreads();
  if (threads !== undefined) return nodeThread(threads, new URL(module), limits, listener);
  const Web = webWorkerClass()!;
  return webThread(new Web(module, { type: "module", name: threadMark }), listener);
}

/**
 * On Deno, too: a `Worker` of the web tells nobody there that it has ended, keeps the process alive,
 * and cannot be ended in an endless loop (denoland/deno#14327, #35657).
 */
function nodeThread(
  { Worker, MessageChannel }: NodeThreads,
  url: URL,
  limits: ThreadLimits | undefined,
  listener: ThreadListener,
): HostThread {
  // What goes through the worker itself takes a second for a megabyte on Deno.
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(url, {
    name: threadMark,
    workerData: { [threadMark]: port2 },
    transferList: [port2],
    resourceLimits: limits,
  });
  const end = once(listener);
  port
    .on("message", (data) => take(data, listener, end))
    .on("messageerror", (cause) => end.call({ failure: "error", cause }));
  worker
    .on("error", (cause) => end.call({ failure: "error", cause }))
    .on("exit", (code) => end.call({ failure: "exit", code }));
  return {
    post: (request, transfer) => port.postMessage(request, transfer),
    terminate: async () => {
      end.forget();
      port.close();
      await worker.terminate();
    },
    hold: (isHeld) => {
      for (const each of [worker, port]) isHeld ? each.ref() : each.unref();
    },
  };
}

function webThread(worker: WebWorker, listener: ThreadListener): HostThread {
  const end = once(listener);
  const listeners: Record<string, (event: WorkerEvent) => void> = {
    message: ({ data }) => take(data, listener, end),
    messageerror: ({ data }) => end.call({ failure: "error", cause: data }),
    error: (event) => {
      event.preventDefault(); // Deno ends the process otherwise.
      end.call({ failure: "error", cause: event.error ?? causeOf(event.message) });
    },
    close: ({ code }) => end.call({ failure: "exit", code: code ?? 0 }), // Bun.
  };
  for (const [type, listen] of Object.entries(listeners)) worker.addEventListener(type, listen);
  const { ref, unref } = worker;
  return {
    post: (request, transfer = []) => worker.postMessage(request, transfer),
    terminate: async () => {
      end.forget();
      for (const type of ["message", "messageerror", "close"]) {
        worker.removeEventListener(type, listeners[type]!);
      }
      worker.terminate(); // What errs until it has ended is still kept from ending the process.
    },
    ...(ref && unref && { hold: (isHeld) => (isHeld ? ref : unref).call(worker) }),
  };
}

/** Browsers say nothing where a module cannot be loaded. */
function causeOf(message: string | undefined): unknown {
  return message ? new Error(message) : undefined;
}

function take(data: unknown, listener: ThreadListener, end: Once): void {
  const reply = messageFrom<Reply>(data);
  if (reply?.millrace === "exit") end.call({ failure: "exit", code: reply.code });
  else if (reply !== undefined) listener.onReply(reply);
}

interface Once {
  call(ending: Ending): void;
  forget(): void;
}

/** Only the first end is told: an error comes before the exit that it leads to. */
function once(listener: ThreadListener): Once {
  let isOver = false;
  return {
    call: (ending) => {
      if (isOver) return;
      isOver = true;
      listener.onEnd(ending);
    },
    forget: () => void (isOver = true),
  };
}
