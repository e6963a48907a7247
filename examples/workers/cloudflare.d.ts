// The part of the runtime that the example uses. In a project of your own, `npx wrangler types` writes
// the whole.
declare module "cloudflare:workers" {
  interface Storage {
    get<T>(key: string): Promise<T | undefined>;
    put(key: string, value: unknown): Promise<void>;
    setAlarm(time: number): Promise<void>;
    deleteAlarm(): Promise<void>;
  }
  export class DurableObject<Env = unknown> {
    constructor(ctx: { storage: Storage }, env: Env);
    protected readonly ctx: { readonly storage: Storage };
    protected readonly env: Env;
    alarm?(): Promise<void>;
  }
}
