import { afterEach, describe, expect, it } from "vitest";
import { workerdDates } from "../../scripts/runtimes.mjs";
import { WorkerdProcess } from "../support/runtimes/workerd-process.ts";

/** A Worker whose requests share a limiter, and which tells how many have come. */
const worker = `
import { etl, RateLimiter, RateLimitStream } from "./src/index.ts";

const limiter = new RateLimiter({ limit: 1, interval: 40 });
let begun = 0;
const uses = {
  "/acquire": () => limiter.acquire(),
  "/stream": () => {
    const limited = new RateLimitStream(limiter);
    const writer = limited.writable.getWriter();
    writer.write(1).catch(() => {});
    return limited.readable.getReader().read();
  },
  "/run": () => etl({ name: "run", extract: () => [1], load: () => {} }).run({ rateLimit: limiter }),
};
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/begun") return new Response(String(begun));
    begun++;
    await uses[pathname]();
    return new Response("done");
  },
};`;

let opened: WorkerdProcess | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

async function get(url: string, signal: AbortSignal | null = null): Promise<string> {
  const response = await fetch(url, { signal });
  return response.ok ? await response.text() : `${response.status}`;
}

describe("a RateLimiter shared by the requests of a Worker", () => {
  it.each(workerdDates)("serves all who wait, whichever of them hang up: %s", async (date) => {
    opened = new WorkerdProcess();
    await opened.open(worker, date);
    const { url } = opened;
    for (const use of ["acquire", "stream", "run"]) {
      expect(await Promise.all([1, 2, 3].map(() => get(url + use)))).toEqual(Array(3).fill("done"));
    }
    for (const use of ["acquire", "stream", "run"]) {
      const before = Number(await get(`${url}begun`));
      const hangUp = new AbortController();
      const lost = [1, 2, 3].map(() => get(url + use, hangUp.signal).catch(() => "hung up"));
      const others = [1, 2, 3, 4].map(() => get(url + use));
      while (Number(await get(`${url}begun`)) < before + 7); // All have come, and most wait.
      hangUp.abort();
      expect(await Promise.all(others)).toEqual(Array(4).fill("done"));
      await Promise.all(lost);
      expect(await Promise.all([1, 2].map(() => get(url + use)))).toEqual(["done", "done"]);
    }
  });
});
