import { fail } from "../../options.ts";
import type { CopyOptions } from "./copy-options.ts";
import { action } from "./endpoint.ts";
import { pathModules } from "../host-modules.ts";
import type { CopyPlace } from "./parts.ts";

/**
 * Checks that nothing is copied to where it is read from, by whatever path that is written: a file
 * would be written over, and a table or the files of a pattern would grow by their own rows.
 * @throws {ConfigurationError} If it is.
 */
export async function checkApart(
  { from, to, shown }: CopyOptions,
  place: CopyPlace,
): Promise<void> {
  const { resolve } = await pathModules();
  const fullPath = (path: string) => resolve(place.folder, path);
  if (from.kind === "sqlite" && to.kind === "sqlite") {
    const isSame = from.table?.toLowerCase() === to.table?.toLowerCase();
    if (isSame && fullPath(from.path) === fullPath(to.path)) {
      fail(action, "TO", "other than FROM", shown.to);
    }
  }
  if (from.kind !== "file" || to.kind !== "file") return;
  const { openFiles } = await import("../../adapters/file.ts");
  const files = await openFiles(place.pathOf(from.path)).list();
  if (files.some(({ name }) => fullPath(name) === fullPath(to.path))) {
    fail(action, "TO", "other than the files of FROM", shown.to);
  }
}
