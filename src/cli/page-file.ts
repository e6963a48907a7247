import { EtlError, messageOf, propertyOf } from "../errors.ts";
import { fail } from "../options.ts";
import { type Facts, hostModules } from "./host-modules.ts";

const otherFile = "a new file or a page, as it would replace the file that is there";

/**
 * Checks that a page can be written to a path, before the work that it is about.
 * @throws {ConfigurationError} If it cannot, or if it would replace a file that is no page.
 */
export async function checkPageFile(
  action: string,
  option: string,
  path: string,
  folder: string,
): Promise<void> {
  const { files, resolve } = await hostModules();
  const full = resolve(folder, path);
  const facts = await files.stat(full).catch(() => undefined);
  if (isPipe(facts)) return; // Whoever reads it would take the attempt for its end.
  try {
    await files.appendFile(full, new Uint8Array()); // Only the attempt tells.
    if (facts === undefined) await files.rm(await files.realpath(full), { force: true }); // Keeps a link.
  } catch (error) {
    const rules: Record<string, string> = {
      ENOENT: "a file in a folder that exists",
      EISDIR: "a file, not a folder",
    };
    const code = String(propertyOf(error, "code"));
    fail(action, option, rules[code] ?? `a file that can be written (${messageOf(error)})`, path);
  }
  if (!await isReplaceable(full)) fail(action, option, otherFile, path);
}

/**
 * Writes a page.
 * @throws {EtlError} If it would replace a file that is no page.
 */
export async function writePage(page: string, path: string, folder: string): Promise<void> {
  const { files, resolve } = await hostModules();
  const full = resolve(folder, path);
  if (!await isReplaceable(full)) throw new EtlError(`${path} must be ${otherFile}`);
  await files.writeFile(full, page);
}

/** Tells whether nothing is lost if a page takes the place of a file: it may be that of the rows. */
async function isReplaceable(full: string): Promise<boolean> {
  const { files, openAsBlob } = await hostModules();
  const facts = await files.stat(full).catch(() => undefined);
  if (facts === undefined || isPipe(facts)) return true;
  const doctype = "<!doctype html>";
  const begin = await (await openAsBlob(full)).slice(0, doctype.length).text();
  return begin === "" || begin.toLowerCase() === doctype;
}

/** Tells whether something is there that is neither a file nor a folder: a pipe, or a device. */
function isPipe(facts: Facts | undefined): boolean {
  return facts !== undefined && !facts.isFile() && !facts.isDirectory();
}
