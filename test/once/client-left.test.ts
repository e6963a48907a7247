import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { bun, deno, nodeOf, workerdDates } from "../../scripts/runtimes.mjs";
import { WorkerdProcess } from "../support/runtimes/workerd-process.ts";

const folder = mkdtempSync(join(tmpdir(), "client-left-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The functions of the page, without the program around them. */
function functions(): string {
  const page = readFileSync("docs/stopping.md", "utf8");
  const [, code = ""] = /^```ts\n([^`]*?clientOf[^]*?)^\/\/ A client that stays/m.exec(page)!;
  return code.replace(/^import .*node:assert.*$/m, "");
}

/** A handler that keeps what came of each upload, and tells it to whoever asks. */
const handler = `
const told = [];
let begun = 0;
async function handle(request, waitUntil = () => {}) {
  if (request.method === "GET") return Response.json({ begun, told });
  begun++;
  const uploaded = upload(request).then((result) => void told.push(result));
  waitUntil(uploaded);
  await uploaded;
  return Response.json(told.at(-1));
}`;

const servers = {
  node: `
import { createServer } from "node:http";
import { Readable } from "node:stream";
const server = createServer(async (incoming, outgoing) => {
  const { method } = incoming;
  const left = new AbortController();
  outgoing.on("close", () => outgoing.writableFinished || left.abort(new Error("hung up")));
  const body = method === "GET" ? null : Readable.toWeb(incoming);
  const init = { method, body, duplex: "half", signal: left.signal };
  outgoing.end(await (await handle(new Request("http://localhost/", init))).text());
}).listen(0, "127.0.0.1", () => console.log(server.address().port));`,
  deno: `
Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) }, (request) => handle(request));`,
  bun: `
console.log(Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => handle(request) }).port);`,
  workerd: `
export default { fetch: (request, env, context) => handle(request, (work) => context.waitUntil(work)) };`,
};
const runtimes = {
  node: [resolve(nodeOf(24)!)],
  deno: [resolve(deno!), "run", "-A", "--no-lock", "--no-check"],
  bun: [resolve(bun!)],
};

let stop: () => unknown = () => {};
afterEach(() => stop());

/** Starts the functions of the page as a server, and gives its address. */
async function serve(name: keyof typeof runtimes): Promise<string> {
  const { imports } = JSON.parse(readFileSync("deno.json", "utf8"));
  const code = functions().replaceAll(/(?<=from )"(millrace[^"]*)"/g, (_, specifier: string) => {
    return JSON.stringify(pathToFileURL(resolve(imports[specifier])).href);
  });
  const file = join(folder, `${name}.mts`);
  writeFileSync(file, `// deno-lint-ignore-file\n${code}${handler}${servers[name]}\n`);
  const [program = "", ...args] = runtimes[name];
  const child: ChildProcess = spawn(program, [...args, file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  stop = async () => await Promise.all([once(child, "exit"), child.kill("SIGKILL")]);
  const [port] = await once(createInterface(child.stdout!), "line");
  return `http://127.0.0.1:${port}/`;
}

async function serveWorkerd(date: string): Promise<string> {
  const { imports } = JSON.parse(readFileSync("deno.json", "utf8"));
  const code = functions().replaceAll(/(?<=from )"(millrace[^"]*)"/g, (_, specifier: string) => {
    return JSON.stringify(imports[specifier]);
  });
  const opened = new WorkerdProcess();
  stop = () => opened.close();
  await opened.open(code + handler + servers.workerd, date);
  return opened.url;
}

async function state(url: string): Promise<{ begun: number; told: unknown[] }> {
  return await (await fetch(url)).json();
}

describe("clientOf() of the docs tells a client that has left from one that sends what is bad", () => {
  it.each([
    ...(["node", "deno", "bun"] as const).map((name) => [name, () => serve(name)] as const),
    ...workerdDates.map((date) => [`workerd ${date}`, () => serveWorkerd(date)] as const),
  ])("%s", async (_, open) => {
    const url = await open();
    const post = async (body: string) => await (await fetch(url, { method: "POST", body })).json();
    expect(await post("1\n2\n3\n")).toEqual({ outcome: "completed", loaded: 3 });
    expect(await post("1\nbad\n")).toEqual({ outcome: "failed", loaded: 1 });
    const leaving = request(url, { method: "POST" });
    leaving.on("error", () => {}); // It is cut off here.
    leaving.write("1\n2\n");
    while ((await state(url)).begun < 3);
    leaving.destroy();
    let { told } = await state(url);
    while (told.length < 3) ({ told } = await state(url));
    expect(told.at(-1)).toEqual({ outcome: "left", loaded: expect.any(Number) });
    expect(await post("1\n")).toEqual({ outcome: "completed", loaded: 1 });
  }, 180_000);
});
