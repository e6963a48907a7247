import type { RunReport, StageName, StageTimes, TracedBatch } from "../report-types.ts";
import { earlierOf, endOf, finishedBefore } from "./explain-end.ts";
import { failureAdvice } from "./failure-advice.ts";
import { about, count, counted, percent, time } from "./quantities.ts";
import { fail } from "../options.ts";

/**
 * Shortest run in milliseconds whose shares are meaningful. Startup takes the first run of a process
 * about 30 ms, which must not exceed `balance` of the time.
 */
const shortest = 200;
/** Difference below which two shares count as equal. */
const balance = 0.15;

/** Cause that can limit the speed of a run. */
type Cause = StageName | "backoff" | "limited";

/** Facts read once from a report. */
interface Evidence {
  readonly report: RunReport;
  /** Shares of time from 0 to 1; for the workers of a stage, their average. */
  readonly shares: Readonly<Record<Cause, number>>;
  /** The causes, largest share first. */
  readonly order: readonly [Cause, Cause];
  /** Number of workers that loaded, if the trace shows it. */
  readonly workers: number;
}

const tells: Readonly<Record<Cause, string>> = {
  extract: "The source holds this run back: the run waited for it",
  transform: "The transform holds this run back: its workers were at work",
  load: "The load holds this run back: its workers were at work",
  limited: "The rate limit holds this run back: workers waited for it",
  backoff: "Retries hold this run back: workers waited before another attempt",
};
const tips: Readonly<Record<Cause, string>> = {
  extract: "Try a faster source, or one that gives many items at once (`chunks()`); more " +
    "`workers` do not help.",
  transform: "Try more `workers`, a higher `concurrency`, or `transformBatch` with one call for " +
    "many items.",
  load: "Try more `workers` or a larger `batchSize`, if the target takes more at once.",
  limited: "Try a higher limit, if the target allows it; more `workers` do not help.",
  backoff: "See why calls fail; fewer retries or a smaller `baseDelay` shorten the wait.",
};
const parts: Readonly<Record<StageName, string>> = {
  extract: "the source alone",
  transform: "the transform with its workers",
  load: "the load with its workers",
};

/**
 * Explains in a few plain sentences what limits the speed of a run, by which numbers, what to try, and
 * how much that can gain at most. It says so if a run was empty, cut short or over in 200 ms. If the
 * clock stands still while code runs, it says only what is known. For a failed run, it says what
 * failed, what to do, and where the next run resumes.
 *
 * The items in flight are rate × latency, by Little's law: J. D. C. Little, A Proof for the Queuing
 * Formula L = λW, 1961. The bound follows from it: a stage at work for a share `s` of the time can do
 * at most `1 / s` times as much.
 *
 * @throws {ConfigurationError} If `report` is not a report.
 *
 * @example A source that is slower than the load
 * ```ts
 * import { etl, explain } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * async function* slow() {
 *   for (let id = 0; id < 15; id++) {
 *     await new Promise((resolve) => setTimeout(resolve, 20));
 *     yield { id };
 *   }
 * }
 * const report = await etl({ name: "films", extract: slow, load: () => {} }).run();
 * equal(explain(report).startsWith("The source holds this run back: "), true);
 * ```
 */
export function explain(report: RunReport): string {
  checkReport(report);
  // Advice about speed is useless for a failed run.
  const rest = report.failure === undefined ? findings(report) : failureAdvice(report);
  return [...endOf(report), ...earlierOf(report), ...rest].filter((words) => words !== "").join(
    " ",
  );
}

function findings(report: RunReport): readonly string[] {
  const { extracted, duration, clock, checkpoint, earlier } = report;
  if (extracted === 0) {
    if (earlier > 0) {
      return [`Nothing was left to do: earlier runs have finished ${finishedBefore(report)}.`];
    }
    return checkpoint !== undefined && checkpoint.offset > 0
      ? ["Nothing was left to do: earlier runs have finished everything in the source."]
      : [`Nothing happened: no item was read in ${time(duration)}.`];
  }
  const evidence = evidenceOf(report);
  if (clock === "still") return ofStillClock(evidence);
  const topShare = evidence.shares[evidence.order[0]];
  if (duration < shortest) {
    return [`It took ${time(duration)}: too short to say what holds it back.`];
  }
  const kept = threadOf(evidence);
  if (kept !== undefined) return ofThread(evidence, kept);
  return ofFewBatches(evidence) ?? ofIdle(topShare) ?? ofBalance(evidence) ?? ofCause(evidence);
}

function evidenceOf(report: RunReport): Evidence {
  const { extract, transform, load } = report.stages;
  const shares = {
    extract: share(extract, "busy"),
    transform: share(transform, "busy"),
    load: share(load, "busy"),
    backoff: Math.max(share(transform, "backoff"), share(load, "backoff")),
    limited: share(load, "limited"),
  };
  // Loads wait for the limit only while it is used up: their other work does not matter then.
  const isLimited = shares.limited > 0.1 && shares.limited + shares.load > 0.8;
  const weight = (cause: Cause) => isLimited && cause === "limited" ? 2 : shares[cause];
  const causes = Object.keys(shares) as Cause[];
  const [first = "extract", second = "load"] = causes.sort((a, b) => weight(b) - weight(a));
  return { report, shares, order: [first, second], workers: report.workers };
}

/** Returns the stage whose code occupies the single thread most of the time, if known. */
function threadOf({ report, shares, order, workers }: Evidence): "transform" | "load" | undefined {
  const { stages: { extract, transform }, trace } = report;
  // Items wait although workers are free, so code has not yielded the thread.
  if (share(extract, "blocked") + share(transform, "starved") > 1.3) {
    return shares.transform > shares.load ? "transform" : "load";
  }
  const [top] = order;
  if (trace === undefined || trace.every > 1 || workers !== 1) return undefined;
  const { batches } = trace;
  // While one worker waits, the next batch is formed or the last one ends; while code runs, nothing.
  // A coarse clock may merge two moments: in doubt, a batch is being formed.
  const isAlone = (batch: TracedBatch, from: number, to: number) =>
    batches.every((other) =>
      other === batch || (other.batchedAt < from || other.batchedAt >= to) &&
        (other.endedAt <= from || other.endedAt >= to)
    );
  const loads =
    batches.filter((batch) => isAlone(batch, batch.loadStartedAt, batch.endedAt)).length;
  const maps =
    batches.filter((batch) => isAlone(batch, batch.batchedAt, batch.transformedAt)).length;
  const nearlyAll = batches.length * 0.8;
  if (top === "load" && loads > nearlyAll) return "load";
  return top === "transform" && maps > nearlyAll && loads < nearlyAll ? "transform" : undefined;
}

function ofThread(evidence: Evidence, stage: "transform" | "load"): readonly string[] {
  const { shares, report: { mapping } } = evidence;
  const other = mapping === "batch" ? "" : ", `transformBatch`,";
  const tip = stage === "transform"
    ? `less work for each item${other} or a thread of its own`
    : "a larger `batchSize` if every call costs much, a client that does not block, or a thread";
  return [
    `The ${stage} holds this run back: its code occupies the only thread, so nothing else can run ` +
    `(at work: transform ${percent(shares.transform)}, load ${percent(shares.load)}).`,
    `More \`workers\` do not help; try ${tip}.`,
  ];
}

function ofFewBatches(evidence: Evidence): readonly string[] | undefined {
  const { report, shares, order: [top], workers } = evidence;
  const { stages, batches, loaded } = report;
  if (workers === 1 || loaded <= batches) return undefined; // Smaller batches would not help.
  const isRead = share(stages.extract, "starved") > 0.5;
  const isIdle = shares[top] < 0.8 && shares[top] > 0.1;
  if (!isRead || !isIdle || (top !== "transform" && top !== "load")) return undefined;
  return [
    `There were too few batches to keep all workers busy: the source was read early, and with ` +
    `${counted(batches, "batch", "batches")} those of the ${top} were at work ` +
    `${percent(shares[top])} of the time.`,
    "Try a smaller `batchSize`, so that all have something to do until the end.",
  ];
}

function ofIdle(topShare: number): readonly string[] | undefined {
  if (topShare >= 0.3) return undefined;
  return [
    `No stage holds this run back: the busiest was at work ${percent(topShare)} of the time.`,
    "The rest went to hooks such as `preProcess`, checkpoints and start-up.",
  ];
}

function ofBalance(evidence: Evidence): readonly string[] | undefined {
  const { shares, order: [top, next] } = evidence;
  if (top === "limited" || shares[top] - shares[next] >= balance) return undefined;
  const [first, second] = [top, next].map((cause) => percent(shares[cause]));
  return [
    `This run is well balanced: ${nouns[top]} took ${first} of the time, ${nouns[next]} ${second}` +
    `${flight(evidence)}.`,
    "Improving one of them alone gains little.",
  ];
}

function ofCause(evidence: Evidence): readonly string[] {
  const { shares, order: [top], workers, report } = evidence;
  const tell = workers === 1 ? tells[top].replace("workers were", "one worker was") : tells[top];
  const tip = top === "load" ? loadTip(report) : top === "transform" ? mapTip(report) : tips[top];
  // Several computing workers are never all at work together, but one may be.
  const isUnsure = top === "transform" && workers === 1 && report.mapping !== "sync";
  const other = "If it computes rather than waits, it needs less work or a thread of its own.";
  return [
    `${tell} ${percent(shares[top])} of the time${flight(evidence)}.`,
    isUnsure ? `${tip} ${other}` : tip,
    bound(evidence),
  ];
}

/** Returns advice for a load: only measures that can help. */
function loadTip({ loaded, batches, workers }: RunReport): string {
  if (batches === 0) return tips.load;
  // Neither more workers nor larger batches speed up a single round of loads.
  if (batches <= workers) return "Try a smaller `batchSize`, so that workers share the items.";
  const size = Math.round(loaded / batches);
  return tips.load.replace("`batchSize`", `\`batchSize\` (about ${count(size)} items now)`);
}

/** Returns advice for a transform: only measures that can help. */
function mapTip({ mapping, concurrency, extracted, batches }: RunReport): string {
  if (mapping === "batch") {
    return "Try more `workers`, or a larger `batchSize` where a call for more items costs less.";
  }
  if (mapping === "sync") {
    return "It gives its results at once, so that neither `workers` nor `concurrency` help: it " +
      "needs less work for each item, or a thread of its own.";
  }
  // No more calls are in flight than a batch has items.
  const isFull = concurrency === undefined || extracted > concurrency * batches;
  const now = concurrency === undefined ? "" : ` (${count(concurrency)} now)`;
  return isFull
    ? tips.transform.replace("`concurrency`", `\`concurrency\`${now}`)
    : tips.transform.replace("a higher `concurrency`", "a larger `batchSize`");
}

function ofStillClock({ report, shares }: Evidence): readonly string[] {
  const { duration } = report;
  const waits = [
    `the source ${percent(shares.extract)}`,
    `the transform ${percent(shares.transform)}`,
  ];
  return [
    `The clock of this runtime stands still while code runs, so only waiting is measured: of ` +
    `${time(duration)} ${waits.join(", ")} and the load ${percent(shares.load)}.`,
    "What was computed is in none of these numbers; more `workers` help only where it waits.",
  ];
}

/**
 * Returns words about the batches in progress at the same time, by Little's law, if they are
 * meaningful.
 */
function flight({ order: [top], report: { latency, rate } }: Evidence): string {
  const items = rate * (latency?.p50 ?? 0) / 1000;
  if (latency === undefined || top === "extract" || items < 1) return "";
  const half = `half of the batches took at least ${time(latency.p50)} from the bucket to the end`;
  return `, and ${half} (about ${about(items)} items in flight)`;
}

/** Returns words about the stage that would limit the run next, at this rate. */
function bound({ shares, order: [top], workers, report: { rate, mapping } }: Evidence): string {
  // More workers move transform and load alike, but never the source.
  const isWorkers = top === "transform" || top === "load";
  const others: StageName[] = isWorkers ? ["extract"] : ["extract", "transform", "load"];
  const [next] = others.filter((stage) => stage !== top).sort((a, b) => shares[b] - shares[a]);
  if (next === undefined || shares[next] < 0.01 || rate === 0) return "";
  const times = 1 / shares[next];
  // With one worker, it is unknown if a transform waits; a distant bound is not advice.
  const isKnown = (top === "load" || workers > 1 && mapping !== "sync") && times <= 20;
  const enough = isWorkers && isKnown
    ? `; more than ${count(Math.ceil(workers * shares[top] * times))} workers would not help`
    : "";
  const limit = `${about(rate * times)} items/s, ${about(times)} times as many`;
  return `At most: ${parts[next]} would allow about ${limit}${enough}.`;
}

const nouns: Readonly<Record<Cause, string>> = {
  extract: "the source",
  transform: "the transform",
  load: "the load",
  backoff: "waits before another attempt",
  limited: "the rate limit",
};

/**
 * Returns a state's share of the stage's own time. In very short runs, parts are measured a little apart.
 */
function share(times: StageTimes, state: keyof StageTimes): number {
  const { busy, starved, blocked, backoff = 0, limited = 0 } = times;
  const all = busy + starved + blocked + backoff + limited;
  return all > 0 ? (times[state] ?? 0) / all : 0;
}

/** Rejects a value that is not the report of a run. */
function checkReport(report: RunReport): void {
  if (typeof Reflect.get(Object(report), "stages") === "object") return;
  fail("explain a run", "report", "a report of run()", report);
}
