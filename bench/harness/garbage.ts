import { memoryUsage } from "node:process";

/** Collects all garbage now, with what the runtime was started with. */
export function collectGarbage(): void {
  const { gc, Bun } = globalThis as unknown as {
    gc?: () => void;
    Bun?: { gc(isBlocking: boolean): void };
  };
  if (Bun) Bun.gc(true);
  else gc?.();
}

/** What is alive on the heap, in megabytes of 10⁶ bytes. */
export function liveHeap(): number {
  collectGarbage();
  return memoryUsage().heapUsed / 1e6;
}
