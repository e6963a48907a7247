import { setTimer } from "../../runtime/timer.ts";
import { propertyOf } from "../../errors.ts";
import { type FileSystem, ifExists } from "./file-system.ts";

/** Time to wait for a lock that stays the same, in milliseconds. */
const staleAfter = 5000;

/**
 * Runs `act` while no other process runs one with the same lock file, and returns its result.
 *
 * `act` is synchronous, so a lock is held only for a moment, however busy the process is. A lock that
 * stays the same for five seconds was left by a process that was killed in that moment, and is removed.
 */
export async function whileLocked<R>(files: FileSystem, path: string, act: () => R): Promise<R> {
  let seen: string | undefined;
  let since = 0;
  while (!hasLocked(files, path)) {
    const mark = markOf(files, path);
    // Measured by this process: the clocks of processes that share a directory may differ.
    if (mark !== seen) since = performance.now();
    seen = mark;
    if (mark !== undefined && performance.now() - since >= staleAfter) {
      // Only one process at a time removes a lock, and only if it is unchanged. If two processes found it
      // stale, the second would otherwise remove the lock that the first holds by then.
      await whileLocked(files, `${path}-`, () => {
        if (markOf(files, path) === mark) ifExists(() => files.unlinkSync(path));
      });
    } else {
      await new Promise<void>((resolve) => void setTimer(1 + 9 * Math.random(), resolve));
    }
  }
  const own = markOf(files, path);
  try {
    return act();
  } finally {
    // If a process was frozen in between, another one may have considered this lock stale and taken it.
    if (markOf(files, path) === own) ifExists(() => files.unlinkSync(path));
  }
}

/** Creates the lock file, which only one process can do. */
function hasLocked(files: FileSystem, path: string): boolean {
  try {
    files.closeSync(files.openSync(path, "wx"));
    return true;
  } catch (error) {
    if (propertyOf(error, "code") === "EEXIST") return false;
    throw error;
  }
}

/** Identifies a lock file among later ones of the same name; `undefined` if there is none. */
function markOf(files: FileSystem, path: string): string | undefined {
  const stat = ifExists(() => files.statSync(path, { bigint: true }));
  return stat && `${stat.ino} ${stat.mtimeNs}`;
}
