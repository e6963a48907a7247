import { memoryUsage } from "node:process";

/** Collects all garbage now, by the means that the runtime offers. */
export function collectGarbage(): void {
  const { gc, Bun } = globalThis as unknown as {
    gc?: () => void;
    Bun?: { gc(isBlocking: boolean): void };
  };
  if (Bun) Bun.gc(true);
  else gc?.();
}

/** Size of the live heap, in megabytes of 10⁶ bytes. */
export function liveHeap(): number {
  collectGarbage();
  return memoryUsage().heapUsed / 1e6;
}
