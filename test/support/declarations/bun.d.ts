declare module "bun" {
  /** The SQL client of Bun, as far as the tests use it. */
  export class SQL {
    constructor(url: string, options?: { max?: number });
    readonly options: { readonly adapter: string };
    unsafe(text: string, params?: unknown[]): Query;
    begin<T>(work: (session: SQL) => Promise<T>): Promise<T>;
    reserve(): Promise<ReservedSQL>;
    close(): Promise<void>;
  }
  interface ReservedSQL extends SQL {
    release(): Promise<void>;
  }
  interface Query extends Promise<Record<string, unknown>[]> {
    simple(): Query;
    values(): Query;
    cancel(): Query;
    writable(): WritableStream<string>;
  }
}
