/**
 * The one place that asks which runtime this is. All of it is asked when it is called: a bundler
 * drops what nobody calls, and a test may change the answer.
 * @module
 */

/** The members of `process` that are used, where there are any. */
export interface HostProcess {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stderr?: {
    write(text: string): unknown;
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
    readonly rows?: number | undefined;
  };
  on?(event: "exit", listener: () => void): unknown;
  off?(event: "exit", listener: () => void): unknown;
  getBuiltinModule?(name: string): unknown;
}

/** The member of `Deno` that is used, where there is one. */
interface Permissions {
  querySync(wanted: { name: "env"; variable: string }): { readonly state: string };
}

/** Tells whether this is Bun. */
export function isBun(): boolean {
  return "Bun" in globalThis;
}

/** Tells whether this is workerd, the runtime of Cloudflare Workers. */
export function isWorkerd(): boolean {
  const host = globalThis as { navigator?: { userAgent: string } };
  return host.navigator?.userAgent === "Cloudflare-Workers";
}

/** Tells whether this is Node, and no runtime that has the like of it. */
export function isNode(): boolean {
  return hostProcess()?.getBuiltinModule !== undefined && !isBun() && !isWorkerd() && !denoHost();
}

/** Returns the `process` of Node, or of a runtime that has the like. */
export function hostProcess(): HostProcess | undefined {
  return (globalThis as { process?: HostProcess }).process;
}

/** Returns the `Deno` of Deno. */
export function denoHost(): object | undefined {
  return (globalThis as { Deno?: object }).Deno;
}

/** Number of threads that can run at once: 1 if the runtime does not say. */
export function hardwareThreads(): number {
  const host = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return host.navigator?.hardwareConcurrency ?? 1;
}

/**
 * Returns an environment variable, `""` if it is not set or may not be read. Deno asks the user for
 * one that needs a permission: then it is not read.
 */
export function environmentVariable(name: string): string {
  try {
    const { Deno } = globalThis as { Deno?: { permissions?: Permissions } };
    const permission = Deno?.permissions?.querySync({ name: "env", variable: name });
    if (permission !== undefined && permission.state !== "granted") return "";
    return hostProcess()?.env?.[name] ?? "";
  } catch {
    return ""; // A host that does not let it be read.
  }
}
