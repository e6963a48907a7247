import { setTimer } from "../../runtime/timer.ts";
import { propertyOf } from "../../errors.ts";
import { type FileSystem, ifExists } from "./file-system.ts";

/** Time to wait for a lock that stays the same, in milliseconds. */
const staleAfter = 5000;

/**
 * Runs `act` while no other process runs one with the same lock file, and gives what it gives.
 *
 * `act` is synchronous, so a lock is held for a moment only, whatever else the process is busy with.
 * One that stays the same for five seconds was left by a process that was killed within that moment,
 * and is removed.
 */
export async function whileLocked<R>(files: FileSystem, path: string, act: () => R): Promise<R> {
  let seen: string | undefined;
  let since = 0;
  while (!hasLocked(files, path)) {
    const mark = markOf(files, path);
    // Time as this process sees it pass: the clocks of processes that share a directory may differ.
    if (mark !== seen) since = performance.now();
    seen = mark;
    if (mark !== undefined && performance.now() - since >= staleAfter) {
      // Only one process at a time removes, and only what is still the same: of two that found the
      // lock stale, the second would remove the lock that the first holds by then.
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
    // A process that was frozen in between may find the lock of whoever took this one for stale.
    if (markOf(files, path) === own) ifExists(() => files.unlinkSync(path));
  }
}

/** Makes the lock file, which only one process can. */
function hasLocked(files: FileSystem, path: string): boolean {
  try {
    files.closeSync(files.openSync(path, "wx"));
    return true;
  } catch (error) {
    if (propertyOf(error, "code") === "EEXIST") return false;
    throw error;
  }
}

/** Tells a lock file from a later one of the same name; `undefined` if there is none. */
function markOf(files: FileSystem, path: string): string | undefined {
  const stat = ifExists(() => files.statSync(path, { bigint: true }));
  return stat && `${stat.ino} ${stat.mtimeNs}`;
}
