import { whileLocked } from "../../bytes/file/file-lock.ts";
import { hostFiles as lockedFiles, ifExists } from "../../bytes/file/file-system.ts";
import { claimOf, fileNameOf } from "../../bytes/file/kept-file.ts";
import { hostModules, isFile } from "../host-modules.ts";
import type { KeptCheckpoint, KeptCheckpoints } from "./kept-checkpoints.ts";
import { readKept } from "./read-kept.ts";

/** The folder of a `FileCheckpointStore`. */
export async function openFolder(folder: string): Promise<KeptCheckpoints> {
  const { files: hostFiles } = await hostModules();
  const { readdir } = hostFiles;
  const files = await lockedFiles();
  /** All files that hold a checkpoint, without their ending. */
  const entries = async (): Promise<[path: string, kept: KeptCheckpoint][]> => {
    const found: [string, KeptCheckpoint][] = [];
    for (const file of await readdir(folder)) {
      if (!file.endsWith(".json") || !await isFile(hostFiles, `${folder}/${file}`)) continue;
      const name = file.slice(0, -".json".length);
      const path = `${folder}/${name}`;
      const text = ifExists(() => files.readFileSync(`${path}.json`, "utf8"));
      const kept = await checkpointIn(name, text);
      if (kept !== undefined) found.push([path, { ...kept, claim: claimOf(files, path) }]);
    }
    return found;
  };
  return {
    async list() {
      const kept = (await entries()).map(([, kept]) => kept);
      return kept.sort((a, b) => a.key < b.key ? -1 : 1);
    },
    async remove(key, claim) {
      const [path] = (await entries()).find(([, kept]) => kept.key === key) ?? [];
      if (path === undefined) return false;
      return await whileLocked(files, `${path}.lock`, () => {
        const found = claimOf(files, path);
        const isSame = found?.runId === Object(claim).runId && found?.until === Object(claim).until;
        if (claim !== "any" && !isSame) return false;
        files.unlinkSync(`${path}.json`);
        ifExists(() => files.unlinkSync(`${path}.claim`));
        return true;
      });
    },
    close: async () => {},
  };
}

/**
 * The checkpoint in a file; nothing where it is a file of another kind. A file of the store has the
 * name that its key gives: another one may have a key that means something else.
 */
async function checkpointIn(
  name: string,
  text = "",
): Promise<ReturnType<typeof readKept> | undefined> {
  const key = keyIn(text);
  if (key === undefined || await fileNameOf(key) !== name) return undefined;
  const kept = readKept(key, text);
  delete (kept.checkpoint as { key?: string } | undefined)?.key;
  return kept;
}

function keyIn(text: string): string | undefined {
  try {
    const key: unknown = Object(JSON.parse(text)).key;
    return typeof key === "string" ? key : undefined;
  } catch {
    return undefined; // It is not JSON.
  }
}
