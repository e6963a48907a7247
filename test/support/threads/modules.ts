import { inThreads } from "../../../src/adapters/threads/in-threads.ts";
import type {
  ThreadFunction,
  ThreadInput,
  ThreadOutput,
  Threads,
  ThreadsOptions,
} from "../../../src/adapters/threads/options.ts";
import type { Order } from "./work.ts";

/** In a browser the modules of tests are served, and vite has to find them. */
const isPage = "document" in globalThis;

/** Where a module of this folder is. */
export function moduleOf(name: string): URL {
  return new URL(name, new URL(".", import.meta.url));
}

/** The modules that vite has to see as those of workers. */
const served = {
  "work.ts": () => new Worker(new URL("./work.ts", import.meta.url), { type: "module" }),
  "silent.ts": () => new Worker(new URL("./silent.ts", import.meta.url), { type: "module" }),
  "broken.ts": () => new Worker(new URL("./broken.ts", import.meta.url), { type: "module" }),
  "moved.ts": () => new Worker(new URL("./moved.ts", import.meta.url), { type: "module" }),
  "deep.ts": () => new Worker(new URL("./deep.ts", import.meta.url), { type: "module" }),
};

/** Threads of a module of this folder. */
export function threadsOf<M extends ThreadFunction>(
  name: keyof typeof served,
  options: ThreadsOptions<ThreadInput<M>> = {},
): Threads<ThreadInput<M>, ThreadOutput<M>> {
  return inThreads<M>(isPage ? served[name] : moduleOf(name), options);
}

/** Threads that do what their items ask for. */
export function workers(options: ThreadsOptions<Order> = {}) {
  return threadsOf<typeof import("./work.ts").default>("work.ts", options);
}

/** Orders that ask for nothing, but for those whose place is named. */
export function orders(count: number, asks: Readonly<Record<number, Order["ask"]>> = {}): Order[] {
  return Array.from({ length: count }, (_, id) => {
    const ask = asks[id];
    return ask === undefined ? { id } : { id, ask };
  });
}
