import type { Claim } from "../../checkpoints/checkpoint.ts";
import { whileLocked } from "./file-lock.ts";
import { type FileSystem, ifExists } from "./file-system.ts";

/**
 * Replaces `${path}.json` as a whole by a text, which is then on the disk. `check` runs under the lock of
 * the path just before; if it throws, the existing file stays.
 */
export async function replaceFile(
  files: FileSystem,
  path: string,
  text: string,
  check: () => void,
): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await writeThrough(files, temporary, text);
    await whileLocked(files, `${path}.lock`, () => {
      check();
      files.renameSync(temporary, `${path}.json`);
    });
  } catch (error) {
    await files.promises.unlink(temporary).catch(() => {}); // What failed first is told.
    throw error;
  }
  await syncDirectory(files, directoryOf(path));
}

/**
 * Claims a path for a run, or renews its claim, and returns the claim in force. Another run gets the path
 * once the owner's `until` is not above `now`.
 */
export async function claimFile(
  files: FileSystem,
  path: string,
  claim: Claim,
  now: number,
  lock: string = `${path}.lock`,
): Promise<Claim> {
  return await whileLocked(files, lock, () => {
    const holder = claimOf(files, path);
    if (holder !== undefined && holder.runId !== claim.runId && holder.until > now) return holder;
    const { runId, until, lease } = claim;
    const own = { runId, until, ...(lease !== undefined && { lease }) };
    // Not flushed to the disk: after a power cut no run is left that could own a key.
    const temporary = temporaryOf(path);
    files.writeFileSync(temporary, JSON.stringify(own));
    files.renameSync(temporary, `${path}.claim`);
    return own;
  });
}

/** Ends the claim of a run on a path, if it owns the path. */
export async function releaseFile(
  files: FileSystem,
  path: string,
  runId: string,
  lock: string = `${path}.lock`,
): Promise<void> {
  await whileLocked(files, lock, () => {
    if (claimOf(files, path)?.runId === runId) files.unlinkSync(`${path}.claim`);
  });
}

/** Returns the claim on a path. A file without a claim was left by a power cut, and belongs to nobody. */
export function claimOf(files: FileSystem, path: string): Claim | undefined {
  const text = ifExists(() => files.readFileSync(`${path}.claim`, "utf8"));
  if (text === undefined) return undefined;
  try {
    const { runId, until, lease } = Object(JSON.parse(text)) as { [K in keyof Claim]?: unknown };
    if (typeof runId !== "string") return undefined;
    return { runId, until: timeOf(until), ...(lease !== undefined && { lease: timeOf(lease) }) };
  } catch {
    return undefined; // It is claimed again.
  }
}

/**
 * Returns the name of the files of a key, without an extension. Any string may be a key, and file systems
 * differ in length, letter case, Unicode forms and reserved names. So the hash identifies the key, and
 * the words are for people. JSON escapes lone surrogates, which UTF-8 would all encode alike.
 */
export async function fileNameOf(key: string): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(key));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0"));
  const words = key.slice(0, 200).toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return [...words.join("-").slice(0, 60).split("-"), hex.join("")].filter(Boolean).join("-");
}

/** The directory that a path is in. */
export function directoryOf(path: string): string {
  return /^(.*)[\\/]/s.exec(path)?.[1] || (/^[\\/]/.test(path) ? "/" : ".");
}

/** Returns a unique name in the same directory: a file moves atomically only within one directory. */
function temporaryOf(path: string): string {
  return `${path}.${crypto.getRandomValues(new Uint32Array(3)).join("-")}.tmp`;
}

/** Restores Infinity, which JSON stores as null. */
function timeOf(value: unknown): number {
  return typeof value === "number" ? value : Infinity;
}

async function writeThrough(files: FileSystem, path: string, text: string): Promise<void> {
  const file = await files.promises.open(path, "wx");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes the new name of a file to the disk, if directories can be opened: not on Windows. */
export async function syncDirectory(files: FileSystem, path: string): Promise<void> {
  try {
    const directory = await files.promises.open(path, "r");
    await directory.sync().finally(() => directory.close());
  } catch {
    // The file itself is complete either way.
  }
}
