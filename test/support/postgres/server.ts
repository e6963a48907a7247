import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import {
  endOf,
  freePort,
  handOver,
  initialise,
  installedPrograms,
  type Owner,
  ownerOf,
  password,
  type Programs,
  programsOf,
} from "../../../demo/tables/postgres-programs.ts";

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

const readyWords = "database system is ready to accept connections";

/**
 * Starts a server on a free port, wherever this clone lies. As root it is run as `nobody`, from a
 * copy of its files if `nobody` cannot reach those in node_modules.
 * @throws {Error} If it cannot start: with what it said.
 */
export async function startPostgres(installed?: Programs): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
  try {
    const owner = ownerOf();
    await handOver(folder, owner);
    const programs = await programsOf(installed ?? await installedPrograms(), owner, folder);
    const data = join(folder, "data");
    await initialise(programs.initdb, data, owner);
    const port = await freePort();
    const server = new Server(programs.postgres, data, port, owner);
    await server.start();
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      restart: async () => {
        await server.end("SIGINT");
        await server.start();
      },
      crash: async () => {
        await server.end("SIGKILL");
        await server.start();
      },
      stop: async () => {
        await server.end("SIGINT");
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The server process, started over and over. */
class Server {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #owner: Owner;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> | undefined;
  readonly #onExit = () => void this.#child?.kill("SIGQUIT");

  constructor(program: string, data: string, port: number, owner: Owner) {
    const settings = ["fsync=off", "listen_addresses=127.0.0.1", `unix_socket_directories=${data}`];
    this.#program = program;
    this.#args = ["-D", data, "-p", `${port}`, ...settings.flatMap((setting) => ["-c", setting])];
    this.#owner = owner;
    process.on("exit", this.#onExit);
  }

  /** Settles when it takes connections. What one that was killed left may keep it out at first. */
  async start(): Promise<void> {
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#start();
      } catch (error) {
        if (attempt === 100 || !`${error}`.includes("postmaster.pid")) throw error;
        await wait(50);
      }
    }
  }

  /** Settles when it has ended. */
  async end(signal: "SIGINT" | "SIGKILL"): Promise<void> {
    this.#child?.kill(signal);
    await this.#ended;
    process.off("exit", this.#onExit);
  }

  async #start(): Promise<void> {
    const child = spawn(this.#program, this.#args, this.#owner);
    this.#child = child;
    process.off("exit", this.#onExit).on("exit", this.#onExit);
    const ended = endOf(child);
    this.#ended = ended.catch(() => {});
    const ready = new Promise<void>((resolve) => {
      child.stderr!.on("data", (bytes) => void (`${bytes}`.includes(readyWords) && resolve()));
    });
    const failed = ended.then(({ code, output }) => {
      throw new Error(`PostgreSQL has ended with ${code}: ${output}`);
    });
    await Promise.race([ready, failed]);
    failed.catch(() => {}); // It ends when it is told to.
  }
}
