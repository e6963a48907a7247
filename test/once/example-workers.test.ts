import { build } from "esbuild";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPacked } from "../../scripts/packed.mjs";
import { WranglerProcess } from "../support/runtimes/wrangler-process.ts";

/** The most bytes of what is deployed: minified, gzipped. `{ etl }` alone has 28 kB of them. */
const budgets = {
  "index.ts": 84_000, // Also the page of a report, 20 kB.
  "upload.ts": 61_000, // CSV, NDJSON and D1; 54 kB without CSV.
};
const example = "node_modules/millrace/examples/workers";
const cities = readFileSync("examples/data/cities.ndjson");

let folder = "";
beforeAll(() => void (folder = installPacked()), 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(Object.entries(budgets))("%s of the example is in few bytes", async (file, budget) => {
  const { outputFiles } = await build({
    entryPoints: [join(folder, example, file)],
    ...{ bundle: true, minify: true, format: "esm", target: "es2022", platform: "neutral" },
    external: ["node:*", "cloudflare:*"],
    write: false,
  });
  const size = gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
  console.log(`examples/workers/${file}: ${size} of ${budget} bytes`);
  expect(size).toBeLessThanOrEqual(budget);
});

describe("the example of Workers, from an empty folder", () => {
  const worker = new WranglerProcess();
  beforeAll(async () => {
    const config = join(folder, example, "wrangler.jsonc");
    const short = readFileSync(config, "utf8").replace('"STEP_MS": 10000', '"STEP_MS": 50');
    writeFileSync(config, short);
    await worker.open(folder, ["--config", `${example}/wrangler.jsonc`]);
  }, 180_000);
  afterAll(() => worker.close());

  async function send(path: string, init?: RequestInit): Promise<string> {
    return await (await fetch(worker.url + path, init)).text();
  }

  it("answers an upload as its first comment says", async () => {
    const [, expected] = /^\/\/ Last line: (.*)$/m.exec(
      readFileSync("examples/workers/index.ts", "utf8"),
    )!;
    expect(await send("/upload", { method: "POST", body: cities })).toBe(expected);
  });

  it("loads a long body while it comes", async () => {
    let left = 200;
    const body = new ReadableStream({
      pull: (controller) => left-- > 0 ? controller.enqueue(cities) : controller.close(),
    });
    const text = await send("/upload", { method: "POST", body, duplex: "half" } as RequestInit);
    expect(JSON.parse(text)).toEqual({ outcome: "completed", loaded: 6_000, bad: 0 });
  });

  it("notices that a client has left, and loads what came before", async () => {
    const told = /status: 499[^}]*loaded: 30/;
    for (let n = 1; n < 50 && !told.test(worker.output); n++) {
      const leaving = request(`${worker.url}/upload`, { method: "POST" });
      leaving.on("error", () => {}); // It is cut off here.
      leaving.write(cities);
      await new Promise((resolve) => setTimeout(resolve, 200 * n)); // Nobody tells that it has come.
      leaving.destroy();
      await new Promise((resolve) => setTimeout(resolve, 200 * n)); // Nor that it has gone.
    }
    expect(worker.output).toMatch(told);
    expect(JSON.parse(await send("/upload", { method: "POST", body: cities })).loaded).toBe(30);
  });

  it("consumes its queue, and gives up on a poisoned message at its third delivery", async () => {
    const body = cities + '{"city":"Pole","latitude":"none"}\n';
    expect(await send("/queue", { method: "POST", body })).toBe('{"sent":31}');
    await worker.until(/(acked: \d, retried: 1[^]*){2}acked: 1, retried: 0/);
  });

  it("imports a file by alarms, and shows how far it is", async () => {
    const file = Array.from({ length: 5_000 }, (_, n) => `{"city":"${n}","latitude":${n % 90}}\n`);
    // While this process is held up an import may end unseen: then another one is watched.
    for (let n = 0, shown = 0; shown <= 2; n++) {
      await send(`/imports/many-${n}.ndjson`, { method: "PUT", body: file.join("") });
      const titles = new Set<string>();
      while (!titles.has("100 %")) {
        const title = /many-\d+.ndjson: (\d+ %)/.exec(await send(`/imports/many-${n}.ndjson`));
        titles.add(title![1]!);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      shown = titles.size;
    }
  });
});
