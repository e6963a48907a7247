import type { D1Binding } from "millrace/cloudflare";
import type { R2Bucket } from "millrace/object";
import type { Import } from "./import.ts";

/** The bindings of wrangler.jsonc that are used. `npx wrangler types` writes all of them. */
export interface Env {
  readonly DB: D1Binding;
  readonly FILES: R2Bucket & {
    put(key: string, body: ReadableStream): Promise<{ etag: string; size: number }>;
  };
  readonly QUEUE: { sendBatch(messages: { body: unknown }[]): Promise<unknown> };
  readonly STEP_MS: number;
  readonly IMPORT: { getByName(name: string): Import };
}

/** The object that imports a file: one per name, so that no file is imported twice at once. */
export function importOf(env: Env, file: string): Import {
  return env.IMPORT.getByName(file);
}
