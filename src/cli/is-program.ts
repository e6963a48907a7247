import { hostProcess } from "../runtime/detect.ts";

interface NodeModules {
  "node:fs": { realpathSync(path: string): string };
  "node:url": { pathToFileURL(path: string): URL };
}

/**
 * Returns true if the module is the program that was started, not imported by one. Node before 24.2
 * does not say so: there the path of the program is compared, which npm gives as a symbolic link.
 */
export function isProgram(meta: ImportMeta): boolean {
  const { main, url } = meta as { main?: boolean; url?: string };
  if (main !== undefined) return main;
  const host = hostProcess();
  const path = host?.argv?.[1];
  if (path === undefined || !host?.getBuiltinModule) return false;
  const builtin = <N extends keyof NodeModules>(name: N) =>
    host.getBuiltinModule!(name) as NodeModules[N];
  try {
    const started = builtin("node:fs").realpathSync(path);
    return builtin("node:url").pathToFileURL(started).href === url;
  } catch {
    return false; // A path that is no file was not this module.
  }
}
