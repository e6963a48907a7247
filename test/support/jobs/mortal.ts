import type { JobStore, Lease } from "../../../src/adapters/jobs.ts";
import { MemorySink } from "../sinks/memory-sink.ts";

/** What happens to a process at one of its calls. */
export interface Fate {
  /** Which call, from 1; those of its store of jobs, its checkpoints and its loads are counted. */
  readonly at: number;
  /**
   * It dies before the call, or after it without hearing of it; sleeps for a time before it; loses
   * its store of jobs; has its target refuse the call; or nothing happens to itself.
   */
  readonly end: "before" | "after" | "freeze" | "storeless" | "refused" | "told";
}

/** How long a process is frozen: longer than any lease. */
const frozenFor = 20_000;

/** A process whose calls can be made to be its last. */
export class Mortal {
  readonly #fate: Fate | undefined;
  readonly #met = Promise.withResolvers<void>();
  #calls = 0;
  #hasDied = false;

  constructor(fate?: Fate) {
    this.#fate = fate;
  }

  /** Resolves once it has met its fate. */
  get met(): Promise<void> {
    return this.#met.promise;
  }

  /** Ends it, whatever it is doing. */
  kill(): void {
    this.#hasDied = true;
    this.#met.resolve();
  }

  async call<R>(effect: () => R | PromiseLike<R>, of: "store" | "target" = "target"): Promise<R> {
    const { at, end } = this.#fate ?? { at: Infinity, end: "told" };
    const count = ++this.#calls;
    if (this.#hasDied) await never;
    if (count >= at && end === "storeless" && of === "store") {
      this.#met.resolve();
      throw new Error("The store is gone");
    }
    if (count !== at) return await effect();
    if (end !== "after") this.#met.resolve();
    if (end === "freeze") await new Promise((go) => setTimeout(go, frozenFor));
    if (end === "refused" && of === "target") {
      throw Object.assign(new Error("Nobody is there"), { code: "ECONNREFUSED" });
    }
    this.#hasDied = end === "before" || end === "after";
    if (end === "before") await never;
    const result = await effect();
    if (end !== "after") return result;
    this.#met.resolve();
    return await never;
  }

  /** The store of jobs as the process reaches it. */
  store(store: JobStore): JobStore {
    const call = <R>(effect: () => Promise<R>) => this.call(effect, "store");
    const leaseOf = (lease: Lease): Lease => ({
      ...lease,
      extend: (counts) => call(() => lease.extend(counts)),
      settle: (settlement) => call(() => lease.settle(settlement)),
      giveBack: (options) => call(() => lease.giveBack(options)),
    });
    return {
      lease: store.lease,
      add: (partitions) => call(() => store.add(partitions)),
      seal: () => call(() => store.seal()),
      read: () => call(() => store.read()),
      cancel: (reason) => call(() => store.cancel(reason)),
      take: async (worker) => {
        const lease = await call(() => store.take(worker));
        return lease && leaseOf(lease);
      },
      watch: (interest) => store.watch(interest),
      results: () => store.results(),
    };
  }

  /** The target as the process reaches it. */
  sink(shared: MemorySink): MemorySink {
    return new ReachedSink(shared, this);
  }
}

const never = new Promise<never>(() => {});

/** One of several sinks of the same table. */
class ReachedSink extends MemorySink {
  readonly #process: Mortal;

  constructor(shared: MemorySink, process: Mortal) {
    super();
    this.#process = process;
    const { table, store, owners, checkpoints } = shared;
    Object.assign(this, { table, store, owners });
    Object.assign(this.checkpoints, {
      read: (key: string) => process.call(() => checkpoints.read(key)),
      write: (...given: Parameters<typeof checkpoints.write>) =>
        process.call(() => checkpoints.write(...given)),
      claim: (...given: Parameters<NonNullable<typeof checkpoints.claim>>) =>
        process.call(() => checkpoints.claim!(...given)),
      release: (...given: Parameters<NonNullable<typeof checkpoints.release>>) =>
        process.call(() => checkpoints.release!(...given)),
    });
  }

  override async send(...given: Parameters<MemorySink["send"]>): Promise<void> {
    await this.#process.call(() => super.send(...given));
  }
}
