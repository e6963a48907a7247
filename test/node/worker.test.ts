import { build } from "esbuild";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "examples/workers");

/** Bundles the Worker, and configures workerd by its wrangler.jsonc, with nothing of Node in it. */
async function prepare(directory: string): Promise<void> {
  await build({
    entryPoints: [join(folder, "index.ts")],
    outfile: join(directory, "worker.mjs"),
    bundle: true,
    format: "esm",
    platform: "neutral",
    alias: {
      "millrace/ndjson": join(root, "src/adapters/ndjson.ts"),
      "millrace": join(root, "src/index.ts"),
    },
    logLevel: "silent",
  });
  const jsonc = readFileSync(join(folder, "wrangler.jsonc"), "utf8");
  const { main, compatibility_date: date, compatibility_flags: flags } = JSON.parse(
    jsonc.replaceAll(/^\s*\/\/.*$/gm, ""),
  );
  expect(main).toBe("index.ts");
  const allFlags = JSON.stringify([...flags, "no_nodejs_compat", "no_nodejs_compat_v2"]);
  writeFileSync(
    join(directory, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
    compatibilityDate = "${date}",
    compatibilityFlags = ${allFlags}
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
`,
  );
}

/** Starts workerd. */
function serve(directory: string): ChildProcess {
  const workerd = join(root, "node_modules/.bin/workerd");
  const args = ["serve", "config.capnp", "--control-fd=1"];
  return spawn(workerd, args, { cwd: directory, stdio: ["ignore", "pipe", "inherit"] });
}

/** The port that it has chosen, once it listens. */
async function portOf(server: ChildProcess): Promise<number> {
  const failed = once(server, "exit").then(([code]) => {
    throw new Error(`workerd ended with code ${code}`);
  });
  const listening = once(createInterface(server.stdout!), "line");
  const [line] = await Promise.race([listening, failed]);
  failed.catch(() => {}); // It ends when the tests do.
  return JSON.parse(line).port;
}

describe("the example of a Worker in workerd", () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-worker-"));
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    await prepare(directory);
    server = serve(directory);
    url = `http://127.0.0.1:${await portOf(server)}/`;
  });
  afterAll(async () => {
    if (server?.exitCode === null) await Promise.all([once(server, "exit"), server.kill()]);
    rmSync(directory, { recursive: true });
  });

  async function post(body: BodyInit) {
    const init = { method: "POST", body, duplex: "half" }; // Which the types of the DOM lack.
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text() };
  }

  it("answers as its first comment says", async () => {
    const { status, text } = await post(readFileSync(join(root, "examples/data/cities.ndjson")));
    expect(status).toBe(200);
    const [, expected] = /^\/\/ Last line: (.*),…\}\}$/m.exec(
      readFileSync(join(folder, "index.ts"), "utf8"),
    )!;
    expect(text.slice(0, expected!.length)).toBe(expected);
    expect(JSON.parse(text).report).toMatchObject({ outcome: "completed", loaded: 30, pending: 0 });
  });

  it("streams a body far larger than its memory", async () => {
    const lines = new TextEncoder().encode(
      '{"latitude":-1}\nno city\n{"latitude":1}\n'.repeat(1_000),
    );
    let left = 100;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => left-- > 0 ? controller.enqueue(lines) : controller.close(),
    });
    const { status, text } = await post(body);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      hemispheres: { north: 100_000, south: 100_000 },
      badLines: 100_000,
      report: { loaded: 200_000, pending: 0 },
    });
  });

  it("answers errors with their status, as JSON", async () => {
    const get = await fetch(url);
    expect([get.status, await get.json()]).toEqual([405, { error: "Send lines of JSON by POST" }]);
    const { status, text } = await post("x".repeat(200_000));
    expect(status).toBe(400);
    expect(JSON.parse(text).error).toMatch(
      /^Pipeline "cities" failed in extract: Cannot read line: it is longer than 100000 bytes, /,
    );
  });

  it("continues after clients that have hung up", async () => {
    const stop = new AbortController();
    const { promise: sent, resolve } = Promise.withResolvers<void>();
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"latitude":1}\n')),
      pull: () => resolve(), // And nothing more comes.
    }, { highWaterMark: 0 });
    const init = { method: "POST", body, duplex: "half", signal: stop.signal };
    const response = fetch(url, init);
    await sent;
    stop.abort();
    await expect(response).rejects.toThrow("aborted");
    expect((await post('{"latitude":1}')).status).toBe(200);
  });
});
