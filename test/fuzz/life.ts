import {
  type DeadLetter,
  etl,
  type Pipeline,
  RetryAfterError,
  type Run,
  type RunOptions,
  type RunReport,
  skip,
} from "../../src/index.ts";
import { CountedSignal } from "../support/streams/counted-signal.ts";
import { wait } from "../support/run/time.ts";
import { Client, Fault } from "./client.ts";
import type { Row } from "./database.ts";
import type { Life, Plan } from "./plan.ts";
import { sourceOf } from "./source.ts";
import type { World } from "./world.ts";

/** A run that nothing disturbs. */
export const quiet: Life = { end: "nothing", at: 0, lasts: 0, skew: 0 };

/** One run of a world, in a process of its own that may end. */
export class LifeOf {
  readonly #world: World;
  readonly #life: Life;
  readonly #plan: Plan;
  readonly #signal = new CountedSignal();
  #client: Client;
  #words = ""; // What it failed with.

  constructor(world: World, life: Life) {
    this.#world = world;
    this.#life = life;
    this.#plan = world.plan;
    this.#client = new Client(world, life);
    world.signals.push(this.#signal);
  }

  /** Lives through the run; gives its report, if the process saw it. */
  async live(): Promise<RunReport | undefined> {
    const { end, at } = this.#life;
    const run = this.#start();
    const ended = run.finished.then((report) => report, (error) => this.#reportOf(error))
      .then((report) => {
        if (!this.#client.isDead) this.#check(report);
        return report;
      });
    if (end === "dies" || end === "freezes") return await this.#cut(run, ended);
    if (end === "signal") setTimeout(() => this.#signal.abort(new Error("enough")), at);
    if (end === "drain") setTimeout(() => run.drain(), at);
    if (end === "abort") setTimeout(() => run.abort(new Error("enough")), at);
    return await ended;
  }

  #reportOf(error: unknown): RunReport {
    const { report, message } = error as Error & { report?: RunReport };
    this.#words = message;
    if (report === undefined) this.#world.problems.push(`no report: ${message}`);
    return report!;
  }

  async #cut(
    run: Run,
    ended: Promise<RunReport>,
  ): Promise<RunReport | undefined> {
    const { end, at } = this.#life;
    const cut = wait(at).then(() => {
      this.#world.hasFrozen ||= end === "freezes";
      // Nobody who was frozen may harm the next, which begins at once; a sync client cannot hang.
      if (end === "freezes" && this.#plan.sink !== "sqlite") return undefined;
      this.#client.isDead = true;
      run.abort();
      return undefined;
    });
    return await Promise.race([ended, cut]);
  }

  #check(report: RunReport): void {
    const { problems } = this.#world;
    const { extracted, loaded, skipped, deadLettered, pending, outcome } = report;
    const say = (words: string) =>
      problems.push(`${words} in a life that ends as "${this.#life.end}"`);
    if (extracted !== loaded + skipped + deadLettered + pending) say("the identity is broken");
    if (Math.min(loaded, skipped, deadLettered, pending) < 0) say("a count is negative");
    if (outcome === "completed" && pending !== 0) say("completed with items pending");
    // One that was only frozen may come back, and then has the key.
    const isFenced = this.#words.includes("belongs to run") && this.#world.hasFrozen;
    if (outcome === "failed" && this.#isPatient && !isFenced) {
      say(`it failed for good: ${this.#words}`);
    }
  }

  /** Whether enough attempts are left for whatever may happen to this run. */
  get #isPatient(): boolean {
    return this.#life === quiet || this.#life.end === "outage";
  }

  #start(): Run {
    const { hasLetters, sink, resume, map, options } = this.#plan;
    const isPatient = this.#isPatient;
    const { load, checkpoints } = this.#client.sink();
    const runOptions: RunOptions<Row> = {
      batchSize: options.batchSize,
      workers: options.workers,
      timeout: options.timeout,
      drainTimeout: options.drainTimeout,
      abortTimeout: 50,
      signal: this.#signal.signal,
      retry: {
        maxAttempts: isPatient ? 99 : options.maxAttempts,
        baseDelay: 1,
        maxDelay: 20,
        isRetriable: (error) => error instanceof Fault || error instanceof RetryAfterError,
        attemptTimeout: isPatient ? Infinity : options.attemptTimeout,
      },
      ...map === "item" && { concurrency: options.concurrency },
      ...options.limit > 0 && { rateLimit: { limit: options.limit, interval: 5 } },
      ...options.flushEach > 0 && { flushWhen: ({ n }) => n % options.flushEach === 0 },
      ...hasLetters && { deadLetters: () => this.#letters(), isolate: options.isolate },
      ...sink !== "none" && { checkpoints, lease: 40, resume, position: ({ n }) => n + 1 },
    };
    return etl<Row, Row>(this.#pipeline(load)).start(runOptions);
  }

  #pipeline(load: Pipeline<Row, Row>["load"]): Pipeline<Row, Row> {
    const { map, sink, resume } = this.#plan;
    const failsAt = this.#life.end === "source fails" ? this.#life.at : Infinity;
    const pipeline: Pipeline<Row, Row> = {
      name: `fuzz ${this.#plan.seed}`,
      extract: ({ checkpoint }) => {
        const first = sink === "none" || resume === "skip" ? 0 : Number(checkpoint?.position ?? 0);
        return sourceOf(this.#plan, first, failsAt);
      },
      load,
    };
    if (map === "item") pipeline.transform = (row) => this.#map(row);
    if (map === "batch") pipeline.transformBatch = (rows) => this.#mapBatch(rows);
    return pipeline;
  }

  #map(row: Row): Row | typeof skip | Promise<Row | typeof skip> {
    const map = () => {
      const fate = this.#world.fateOf(row.n);
      const isFirst = () => this.#world.isFirst(`transform ${row.n}`);
      if (fate === "transform fails") throw new Error("it cannot be transformed");
      if (fate === "transform fails once" && isFirst()) throw new Fault("not yet");
      return fate === "skip" ? skip : row;
    };
    return this.#plan.delays.map === 0 ? map() : wait(this.#plan.delays.map).then(map);
  }

  async #mapBatch(rows: Row[]): Promise<(Row | typeof skip)[]> {
    await wait(this.#plan.delays.map);
    return await Promise.all(rows.map((row) => this.#map(row)));
  }

  #letters(): WritableStream<DeadLetter<Row>> {
    return new WritableStream({
      write: async (letter) => {
        await wait(this.#plan.delays.letter);
        if (this.#client.isDead) throw new Fault("the process is dead");
        if (this.#life.end === "letters fail") throw new Error("no letter can be kept");
        this.#world.disk.lettersKept.push(letter);
      },
    });
  }
}
