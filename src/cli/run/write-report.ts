import { EtlError, messageOf, propertyOf } from "../../errors.ts";
import { fail } from "../../options.ts";
import type { JobReport } from "../../adapters/jobs/coordinate.ts";
import type { ManagerReport } from "../../manager-report-types.ts";
import type { RunReport } from "../../report-types.ts";
import type { Values } from "../command.ts";
import { fileSystem, hostModules, hostWords, pathModules } from "../host-modules.ts";
import type { Terminal } from "../terminal.ts";

/**
 * Checks before a run begins that its page can be written: a run should not end without it.
 * @throws {ConfigurationError} If it cannot.
 */
export async function checkReport(
  { report: path }: Values,
  { folder }: Pick<Terminal, "folder">,
): Promise<void> {
  if (typeof path !== "string") return;
  const { existsSync, promises } = await fileSystem();
  const { resolve } = await pathModules();
  const full = resolve(folder, path);
  const isThere = existsSync(full);
  try {
    await promises.appendFile(full, new Uint8Array()); // Only the attempt tells.
    if (!isThere) await promises.rm(full, { force: true });
  } catch (error) {
    const rules: Record<string, string> = {
      ENOENT: "a file in a folder that exists",
      EISDIR: "a file, not a folder",
    };
    const code = String(propertyOf(error, "code"));
    const rule = rules[code] ?? `a file that can be written (${messageOf(error)})`;
    fail("write the page about a run", "--report", rule, path);
  }
  if (!await isReplaceable(full)) fail("write the page about a run", "--report", otherFile, path);
}

const otherFile = "a new file or a page, as it would replace the file that is there";

/** Tells whether nothing is lost if a page takes the place of a file: it may be that of the rows. */
async function isReplaceable(full: string): Promise<boolean> {
  const { existsSync, openAsBlob } = await fileSystem();
  if (!existsSync(full)) return true;
  const doctype = "<!doctype html>";
  const begin = await (await openAsBlob(full)).slice(0, doctype.length).text();
  return begin === "" || begin.toLowerCase() === doctype;
}

/**
 * Writes the page about a run, if there is a path for it, and says so on standard error. If that
 * fails, it says why: the exit code is that of the run.
 */
export async function writeReport(
  report: RunReport | ManagerReport | JobReport,
  path: unknown,
  { folder, stderr }: Terminal,
  { options = {}, title }: { readonly options?: object; readonly title?: string } = {},
): Promise<void> {
  if (typeof path !== "string") return;
  const { renderReport } = await import("../../adapters/report.ts");
  const { files, resolve } = await hostModules();
  const named = title === undefined ? {} : { title };
  const page = renderReport(report, { options: { ...options }, host: await hostWords(), ...named });
  try {
    const full = resolve(folder, path);
    if (!await isReplaceable(full)) throw new EtlError(`${path} must be ${otherFile}`);
    await files.writeFile(full, page);
    stderr.write(`The page about it is ${path}\n`);
  } catch (error) {
    stderr.write(`The page about it cannot be written: ${messageOf(error)}\n`);
  }
}
