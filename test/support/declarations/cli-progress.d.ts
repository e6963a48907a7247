// What the tests use of cli-progress 3.12, which comes without declarations.
declare module "cli-progress" {
  interface Options {
    readonly format?: string;
    readonly fps?: number;
  }
  class SingleBar {
    constructor(options: Options);
    start(total: number, startValue: number, payload?: object): void;
    update(current: number, payload?: object): void;
    update(payload: object): void;
    setTotal(total: number): void;
    stop(): void;
  }
  class MultiBar {
    readonly isActive: boolean;
    constructor(options: Options);
    create(total: number, startValue: number, payload?: object, options?: Options): SingleBar;
    stop(): void;
  }
  const cliProgress: { readonly SingleBar: typeof SingleBar; readonly MultiBar: typeof MultiBar };
  export default cliProgress;
}
