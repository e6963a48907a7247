import { inThreads } from "../../../src/adapters/threads/in-threads.ts";
import type { ThreadsOptions } from "../../../src/adapters/threads/options.ts";
import type { Order } from "./work.ts";

/** In a browser the modules of tests are served, and vite has to find them. */
const isPage = "document" in globalThis;

/** Where a module of this folder is. */
export function moduleOf(name: string): URL {
  return new URL(name, new URL(".", import.meta.url));
}

/** Threads that do what their items ask for. */
export function workers(options: ThreadsOptions<Order> = {}) {
  const served = () => new Worker(new URL("./work.ts", import.meta.url), { type: "module" });
  const module = isPage ? served : moduleOf("work.ts");
  return inThreads<typeof import("./work.ts").default>(module, options);
}

/** Orders that ask for nothing, but for those whose place is named. */
export function orders(count: number, asks: Readonly<Record<number, Order["ask"]>> = {}): Order[] {
  return Array.from({ length: count }, (_, id) => {
    const ask = asks[id];
    return ask === undefined ? { id } : { id, ask };
  });
}
