import { spawn } from "node:child_process";
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  freePort,
  handOver,
  initialise,
  installedPrograms,
  ownerOf,
  password,
  programsOf,
} from "./postgres-programs.ts";

/** A PostgreSQL server whose data stays. */
export interface KeptServer {
  readonly url: string;
  /** Stops it; its data stays. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL with the data of a folder, which is made if it is not there. The server is a
 * process of its own: it survives a run that is killed, and the next run finds it.
 * @throws {Error} If it cannot start: with what it said.
 */
export async function keepServer(folder: string): Promise<KeptServer> {
  await mkdir(folder, { recursive: true });
  const owner = ownerOf();
  await handOver(folder, owner);
  const { initdb, postgres } = await programsOf(await installedPrograms(), owner, folder);
  const data = join(folder, "data");
  const isThere = await stat(join(data, "PG_VERSION")).catch(() => undefined) !== undefined;
  if (!isThere) await initialise(initdb, data, owner);
  const control = async (...args: string[]) => {
    // It hands its output on to the server, which would keep a pipe open: "ignore" lets it end.
    const log = ["-D", data, "-l", `${data}.log`, "-w"];
    const child = spawn(join(dirname(postgres), "pg_ctl"), [...log, ...args], {
      ...owner,
      cwd: folder,
      stdio: "ignore",
    });
    const code = await new Promise((resolve, reject) =>
      child.once("error", reject).once("exit", resolve)
    );
    return code === 0;
  };
  if (!await control("status")) {
    const settings = `-p ${await freePort()} -c listen_addresses=127.0.0.1 -k ${data}`;
    if (!await control("start", "-o", settings)) {
      throw new Error(`PostgreSQL has not started: ${await readFile(`${data}.log`, "utf8")}`);
    }
  }
  const port = (await readFile(join(data, "postmaster.pid"), "utf8")).split("\n")[3];
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: async () => void await control("stop", "-m", "fast"),
  };
}
