import { ConfigurationError, propertyOf } from "../errors.ts";
import { fileSystem, pathModules } from "./host-modules.ts";

/**
 * Imports a package from the folder of the user or one above it, which need not be where millrace is
 * installed.
 * @throws {ConfigurationError} If it is not there: says what to install.
 */
export async function userPackage<M>(
  name: string,
  why: string,
  folder: string,
  action: string = "copy",
): Promise<M> {
  const entry = await entryOf(name, folder);
  if (entry !== undefined) return await import(entry) as M;
  try {
    return await import(name) as M; // Where the host looks: beside millrace, or in a map of imports.
  } catch (error) {
    throw new ConfigurationError(
      `Cannot ${action} as ${why} needs the package '${name}': ` +
        `install it with 'npm install ${name}'`,
      { cause: error },
    );
  }
}

/** The URL of the file that `import` of a package means. */
async function entryOf(name: string, folder: string): Promise<string | undefined> {
  const [files, paths] = await Promise.all([fileSystem(), pathModules()]);
  for (let at = paths.resolve(folder);; at = paths.dirname(at)) {
    const root = paths.join(at, "node_modules", name);
    const manifest = paths.join(root, "package.json");
    if (files.existsSync(manifest)) {
      const about: unknown = JSON.parse(files.readFileSync(manifest, "utf8"));
      const main = importOf(about) ?? propertyOf(about, "main") ?? "index.js";
      return paths.pathToFileURL(paths.join(root, String(main))).href;
    }
    if (at === paths.dirname(at)) return undefined;
  }
}

/** Returns the file that the exports of a package name for an `import` outside browsers. */
function importOf(about: unknown): string | undefined {
  let target: unknown = propertyOf(about, "exports");
  target = propertyOf(target, ".") ?? target;
  while (typeof target === "object" && target !== null) {
    const { node, import: own, default: other } = target as Record<string, unknown>;
    target = node ?? own ?? other;
  }
  return typeof target === "string" ? target : undefined;
}
