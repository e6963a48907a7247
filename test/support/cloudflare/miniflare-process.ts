import { build, type Plugin } from "esbuild";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process, { env } from "node:process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { nodeOf } from "../../../scripts/runtimes.mjs";

/**
 * A Worker in workerd with the bindings that miniflare has, which can be killed at any moment. What it
 * stores stays until it is closed.
 */
export class MiniflareProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), "miniflare-"));
  #host: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  #lines: AsyncIterator<string> | undefined;
  #said = "";
  /** Where it listens. */
  url = "";

  /**
   * Starts it with the source of a module, which may import from `./src/` and `./test/`, and with
   * options that miniflare has, such as `d1Databases`.
   */
  async open(contents: string, options: object): Promise<void> {
    const file = join(this.#folder, "options.json");
    const modules = [{ type: "ESModule", path: "worker.mjs", contents: await bundled(contents) }];
    const resourcePersistencePath = join(this.#folder, "stored");
    writeFileSync(file, JSON.stringify({ modules, resourcePersistencePath, ...options }));
    // In a group of its own, so that workerd ends with it; its files are where they are removed.
    const host = spawn(nodeOf(24)!, ["test/support/cloudflare/miniflare-host.ts", file], {
      detached: true,
      stdio: "pipe",
      env: { ...env, TMPDIR: this.#folder, NODE_NO_WARNINGS: "1" },
    });
    host.stderr.on("data", (bytes) => void (this.#said += bytes));
    this.#host = host;
    this.#lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]();
    this.url = await this.#told(/^http/);
  }

  /** Kills workerd as it is. */
  async kill(): Promise<void> {
    this.#host!.stdin.write("kill\n");
    await this.#told(/^killed$/);
  }

  /** Starts it again, with what it has stored. */
  async restart(): Promise<void> {
    this.#host!.stdin.write("restart\n");
    this.url = await this.#told(/^http/);
  }

  /** Ends it, and removes what it has stored. */
  async close(): Promise<void> {
    const host = this.#host;
    if (host !== undefined && host.exitCode === null && host.signalCode === null) {
      const ended = once(host, "exit");
      process.kill(-host.pid!, "SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #told(line: RegExp): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines!.next();
      if (done) throw new Error(`miniflare has ended: ${this.#said}`);
      if (line.test(value)) return value;
    }
  }
}

/** Cases take their tests from another module where there is no vitest. */
const bareTests: Plugin = {
  name: "bare tests",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^(vitest|cloudflare:test)$/ }, () => ({
      path: resolve("test/support/cloudflare/bare-tests.ts"),
    })),
};

async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ".", loader: "ts" },
    ...{ bundle: true, format: "esm", target: "es2022", platform: "neutral", write: false },
    external: ["node:*"],
    plugins: [bareTests],
  });
  return outputFiles[0]!.text;
}
