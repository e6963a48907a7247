import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { endOf, freePort } from "../../../demo/tables/postgres-programs.ts";

/** A server of NATS with JetStream that lives as long as a test file. */
export interface NatsServer {
  /** Where it is: host and port. */
  readonly url: string;
  /** Where it takes WebSockets. */
  readonly webSocketUrl: string;
  /** Kills it at once. */
  kill(): Promise<void>;
  /** Starts it again, with what it had stored. */
  start(): Promise<void>;
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/** Whether the program is there. Where it is not, the tests say so, and in CI they fail. */
export const hasNatsServer: boolean = spawnSync("nats-server", ["--version"]).status === 0;

if (!hasNatsServer) {
  const told = "There is no program nats-server (Debian: apt-get install nats-server)";
  if (process.env["REQUIRE_RUNTIMES"] === "all") throw new Error(told);
  console.warn(`${told}: THE TESTS OF NATS ARE NOT RUN`);
}

/**
 * Starts a server on a free port.
 * @throws {Error} If it cannot start: with what it said.
 */
export async function startNats(): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-nats-"));
  const [port, webSocketPort] = [await freePort(), await freePort()];
  const path = join(folder, "nats.conf");
  await writeFile(
    path,
    `host: 127.0.0.1
port: ${port}
jetstream { store_dir: ${JSON.stringify(join(folder, "store"))} }
websocket { host: 127.0.0.1, port: ${webSocketPort}, no_tls: true }
`,
  );
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const onExit = () => void child?.kill("SIGKILL");
  process.on("exit", onExit);
  const start = async () => {
    child = spawn("nats-server", ["-c", path]);
    ended = endOf(child).catch(() => {});
    await ready(child);
  };
  const kill = async () => {
    child?.kill("SIGKILL");
    await ended;
  };
  const stop = async () => {
    await kill();
    process.off("exit", onExit);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  const urls = { url: `127.0.0.1:${port}`, webSocketUrl: `ws://127.0.0.1:${webSocketPort}` };
  return { ...urls, kill, start, stop };
}

/** Waits until a server takes connections. */
async function ready(child: ChildProcess): Promise<void> {
  const started = new Promise<void>((resolve) => {
    child.stderr!.on("data", (bytes) => void (`${bytes}`.includes("Server is ready") && resolve()));
  });
  const failed = endOf(child).then(({ code, output }) => {
    throw new Error(`nats-server has ended with ${code}: ${output}`);
  });
  await Promise.race([started, failed]);
  failed.catch(() => {}); // It ends when it is told to.
}
