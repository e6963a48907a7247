// The part of the runtime that the example uses. In your own project, `npx wrangler types` writes all
// of it.
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
