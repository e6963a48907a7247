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

/** An object that all requests have their turn from. */
const object = `
import { RateLimiter } from "./src/index.ts";

export class Turns {
  limiter = new RateLimiter({ limit: 5, interval: 40 });
  begun = 0;
  passed = 0;
  first = Infinity;
  last = 0;

  async fetch(request) {
    const { begun, passed, first, last } = this;
    if (request.url.endsWith("/told")) return Response.json({ begun, passed, ms: last - first });
    this.begun++;
    this.first = Math.min(this.first, Date.now());
    await this.limiter.acquire();
    this.passed++;
    this.last = Date.now();
    return new Response("done");
  }
}
export default {
  fetch: (request, { OBJECT }) => OBJECT.get(OBJECT.idFromName("one")).fetch(request),
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

  it.each(workerdDates)("in an object serves a burst of which half are cut: %s", async (date) => {
    opened = new WorkerdProcess();
    await opened.open(object, date, "Turns");
    const { url } = opened;
    const told = async () =>
      JSON.parse(await get(`${url}told`)) as { begun: number; passed: number; ms: number };
    const hangUp = new AbortController();
    const requests = Array.from({ length: 50 }, (_, n) => {
      if (n % 2 === 0) return get(`${url}kept`);
      return get(`${url}cut`, hangUp.signal).catch(() => "hung up");
    });
    while ((await told()).begun < 50); // All have come.
    hangUp.abort();
    const answers = await Promise.all(requests);
    expect(answers.filter((_, n) => n % 2 === 0)).toEqual(Array(25).fill("done"));
    expect(await Promise.all(Array.from({ length: 6 }, () => get(`${url}late`))))
      .toEqual(Array(6).fill("done"));
    const { begun, passed, ms } = await told();
    expect(begun).toBe(56);
    expect(passed).toBeGreaterThanOrEqual(31);
    // Five at once, and then five in each 40 ms; a clock tells whole milliseconds.
    expect(ms).toBeGreaterThanOrEqual(40 * Math.floor((passed - 1) / 5) - 2);
  });
});
