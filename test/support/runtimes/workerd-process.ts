import { build } from "esbuild";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { workerd } from "../../../scripts/runtimes.mjs";

/** A Worker in a process of workerd, for what a test inside of one cannot do: many real requests. */
export class WorkerdProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), "workerd-"));
  #child: ChildProcess | undefined;
  /** Where it listens. */
  url = "";

  /**
   * Starts it with the source of a module, which may import from `./src/`; `object` is the class of
   * its Durable Objects, which it has as `env.OBJECT`.
   */
  async open(contents: string, compatibilityDate: string, object?: string): Promise<void> {
    if (workerd === undefined) throw new Error("workerd is not installed: run `npm ci`");
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: ".", loader: "ts" },
      ...{ bundle: true, format: "esm", target: "es2022", platform: "neutral", write: false },
    });
    writeFileSync(join(this.#folder, "worker.js"), outputFiles[0]!.text);
    writeFileSync(
      join(this.#folder, "config.capnp"),
      configOf(compatibilityDate, this.#folder, object),
    );
    const program = ["serve", join(this.#folder, "config.capnp"), "--control-fd=3"];
    const child = spawn(workerd, program, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    this.#child = child;
    let told = "";
    for await (const bytes of child.stdio[3] as Readable) {
      const port = /"port":(\d+)/.exec(told += String(bytes))?.[1];
      if (port === undefined) continue;
      this.url = `http://127.0.0.1:${port}/`;
      return;
    }
    throw new Error("workerd has not started");
  }

  /** Ends it. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.kill()) await once(child, "exit");
    rmSync(this.#folder, { recursive: true });
  }
}

function configOf(compatibilityDate: string, folder: string, object: string | undefined): string {
  const objects = object === undefined ? "" : `
    bindings = [(name = "OBJECT", durableObjectNamespace = "${object}")],
    durableObjectNamespaces = [(className = "${object}", uniqueKey = "key", enableSql = true)],
    durableObjectStorage = (localDisk = "disk"),`;
  const disk = object === undefined ? "" : `,
    (name = "disk", disk = (path = "${folder}", writable = true))`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "worker.js")],
    compatibilityDate = "${compatibilityDate}",${objects}
  ))${disk}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);`;
}
