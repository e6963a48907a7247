import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeOf } from "../../scripts/runtimes.mjs";
import { hasNatsServer, type NatsServer, startNats } from "../support/nats/server.ts";

const folder = mkdtempSync(join(tmpdir(), "docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program that stands outside of the project, and imports what stands within. */
async function run(code: string, args: readonly string[], env: object): Promise<string> {
  const { imports } = JSON.parse(readFileSync("deno.json", "utf8"));
  const within = code.replaceAll(
    /(?<=from )"(millrace[^"]*|@nats-io[^"]*)"/g,
    (_, name: string) => {
      const url = name in imports ? pathToFileURL(resolve(imports[name])).href : undefined;
      return JSON.stringify(url ?? import.meta.resolve(name));
    },
  );
  const file = join(folder, `${crypto.randomUUID()}.mts`);
  writeFileSync(file, within);
  const options = { env: { ...process.env, ...env } };
  return (await promisify(execFile)(resolve(nodeOf(24)!), [file, ...args], options)).stdout;
}

describe.skipIf(!hasNatsServer)("the programs for NATS", () => {
  let server: NatsServer;
  beforeAll(async () => void (server = await startNats()), 180_000);
  afterAll(() => server?.stop(), 180_000);

  it("of docs/nats.md runs, twice", async () => {
    const [, code = ""] = /^```ts ignore\n([\s\S]*?)^```$/m.exec(
      readFileSync("docs/nats.md", "utf8"),
    )!;
    const here = code.replace('"localhost"', JSON.stringify(server.url));
    expect(here).not.toBe(code);
    for (const _ of [1, 2]) expect(await run(here, [], {})).toBe("");
  });

  it("of the example does the job by two workers", async () => {
    const code = readFileSync("examples/node/nats-job.ts", "utf8");
    const env = { NATS_URL: server.url, JOB: "squares" };
    const [told] = await Promise.all([
      run(code, [], env),
      ...["work", "work"].map((role) => {
        return run(code, [role], env);
      }),
    ]);
    expect(`// Last line: ${told.trim()}`).toBe(/^\/\/ Last line: .*$/m.exec(code)?.[0]);
  });
});
