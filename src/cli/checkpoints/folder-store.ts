import { whileLocked } from "../../bytes/file/file-lock.ts";
import { hostFiles, ifExists } from "../../bytes/file/file-system.ts";
import { claimOf } from "../../bytes/file/kept-file.ts";
import { decodeCheckpoint } from "../../checkpoints/checkpoint.ts";
import { CheckpointError } from "../../errors.ts";
import { hostModules } from "../host-modules.ts";
import type { KeptCheckpoint, KeptCheckpoints } from "./kept-checkpoints.ts";

/** The folder of a `FileCheckpointStore`. */
export async function openFolder(folder: string): Promise<KeptCheckpoints> {
  const { files: { readdir } } = await hostModules();
  const files = await hostFiles();
  /** All files that hold a checkpoint, without their ending. */
  const entries = async (): Promise<[path: string, kept: KeptCheckpoint][]> => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
    return names.flatMap((name): [string, KeptCheckpoint][] => {
      const path = `${folder}/${name.slice(0, -".json".length)}`;
      const kept = checkpointIn(ifExists(() => files.readFileSync(`${path}.json`, "utf8")));
      return kept === undefined ? [] : [[path, { ...kept, claim: claimOf(files, path) }]];
    });
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

/** The checkpoint in a file; nothing where it is a file of another kind. */
function checkpointIn(text = ""): Pick<KeptCheckpoint, "key" | "checkpoint"> | undefined {
  let key: unknown;
  try {
    key = Object(JSON.parse(text)).key;
    if (typeof key !== "string") return undefined;
    const { key: _, ...checkpoint } = decodeCheckpoint(key, text) as
      & { key?: string }
      & ReturnType<
        typeof decodeCheckpoint
      >;
    return { key, checkpoint };
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    return undefined;
  }
}
