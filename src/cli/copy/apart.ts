import { fail } from "../../options.ts";
import type { CopyOptions } from "./copy-options.ts";
import { action, type FileEndpoint, isPattern } from "./endpoint.ts";
import { hostModules } from "../host-modules.ts";
import type { CopyPlace } from "./parts.ts";

/**
 * Checks that nothing is copied to where it is read from, by whatever path that is written: a file
 * would be written over, and a table or the files of a pattern would grow by their own rows.
 * Files that are not there are refused as well.
 * @throws {ConfigurationError} If it is.
 */
export async function checkApart(
  { from, to, shown }: CopyOptions,
  place: CopyPlace,
): Promise<void> {
  const { resolve } = await hostModules();
  const fullPath = (path: string) => resolve(place.folder, path);
  if (from.kind === "sqlite" && to.kind === "sqlite") {
    const isSame = from.table?.toLowerCase() === to.table?.toLowerCase();
    if (isSame && fullPath(from.path) === fullPath(to.path)) {
      fail(action, "TO", "other than FROM", shown.to);
    }
  }
  if (from.kind !== "file") return;
  const files = await filesOf(from, place);
  if (to.kind === "file" && files.some(({ name }) => fullPath(name) === fullPath(to.path))) {
    fail(action, "TO", "other than the files of FROM", shown.to);
  }
}

/** The files that are read. That there are none is the fault of the command line, not of the copy. */
async function filesOf(from: FileEndpoint, place: CopyPlace): Promise<readonly { name: string }[]> {
  const { openFiles } = await import("../../adapters/file.ts");
  const path = place.pathOf(from.path);
  const { files: { stat } } = await hostModules();
  const facts = await stat(path).catch(() => undefined);
  if (facts !== undefined && !facts.isFile()) {
    const rule = facts.isDirectory()
      ? "a file, not a folder"
      : 'a file; "-" reads what a pipe gives';
    return fail(action, "FROM", rule, from.path);
  }
  try {
    return await openFiles(path).list();
  } catch (error) {
    if (facts !== undefined) throw error;
    const rule = isPattern(from) ? "a pattern that fits a file" : "a file that exists";
    return fail(action, "FROM", rule, from.path);
  }
}
