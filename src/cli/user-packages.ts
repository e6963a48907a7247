import { ConfigurationError, propertyOf } from "../errors.ts";
import { hostModules } from "./host-modules.ts";

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
  const host = await hostModules();
  for (let at = host.resolve(folder);; at = host.dirname(at)) {
    const root = host.join(at, "node_modules", name);
    const manifest = host.join(root, "package.json");
    if (host.existsSync(manifest)) {
      const about: unknown = JSON.parse(host.readFileSync(manifest, "utf8"));
      const main = importOf(about) ?? propertyOf(about, "main") ?? "index.js";
      return host.pathToFileURL(host.join(root, String(main))).href;
    }
    if (at === host.dirname(at)) return undefined;
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
