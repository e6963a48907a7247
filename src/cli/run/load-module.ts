import { EtlError, messageOf, propertyOf } from "../../errors.ts";
import { fail } from "../../options.ts";
import { hostModules, isFile } from "../host-modules.ts";
import type { Terminal } from "../terminal.ts";

/**
 * Imports a module of the user, by a path relative to the folder of the terminal.
 *
 * @throws {ConfigurationError} If there is no such file.
 * @throws {EtlError} If the module cannot be imported, with the stack of what it failed with.
 */
export async function loadModule(
  file: string,
  { folder }: Terminal,
): Promise<Readonly<Record<string, unknown>>> {
  const { files, resolve, pathToFileURL } = await hostModules();
  const path = resolve(folder, file);
  if (!await isFile(files, path)) {
    fail("read the command line", "file", "the path of a module", file);
  }
  const { href } = pathToFileURL(path);
  try {
    return await import(href);
  } catch (error) {
    throw new EtlError(sentenceOf(file, error), { cause: error });
  }
}

/** Why a module cannot be imported, and what to do where that is known. */
export function sentenceOf(file: string, error: unknown): string {
  const isUnknown = propertyOf(error, "code") === "ERR_UNKNOWN_FILE_EXTENSION";
  if (isUnknown && /\.[mc]?ts$/.test(file)) {
    return `Cannot import ${JSON.stringify(file)} as this Node does not run TypeScript: use Node ` +
      "22.18 or later, Deno or Bun, or set NODE_OPTIONS=--experimental-strip-types";
  }
  if (isCommonJs(error) && /\.[jt]s$/.test(file)) {
    const other = file.replace(/([jt]s)$/, "m$1");
    return `Cannot import ${JSON.stringify(file)} as package.json does not say "type": "module": ` +
      `let it say so, or call the file ${JSON.stringify(other)}`;
  }
  const stack = propertyOf(error, "stack");
  // Bun's stack may lack the message.
  const words = messageOf(error);
  const told = typeof stack !== "string"
    ? words
    : stack.includes(words)
    ? stack
    : `${words}\n${stack}`;
  return `Cannot import ${JSON.stringify(file)}: ${told}`;
}

/** Returns true if Node took an ES module for one of CommonJS. */
function isCommonJs(error: unknown): boolean {
  return propertyOf(error, "name") === "SyntaxError" &&
    /^(Cannot use import statement outside a module|Unexpected token 'export')/.test(
      messageOf(error),
    );
}
