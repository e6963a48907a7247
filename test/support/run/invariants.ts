import { CancelledError, PipelineError, type RunSnapshot } from "../../../src/index.ts";
import type { Scenario, Script } from "./scenario.ts";

/** What a run does not keep while it is at work; nothing if all is well, or nothing has begun. */
export function problemsAt(now: RunSnapshot | undefined, { source, options }: Script): string[] {
  if (now === undefined) return [];
  const broken: string[] = [];
  const check = (holds: boolean, words: string) => void (holds || broken.push(words));
  const { extracted, loaded, skipped, deadLettered, pending, inFlight, queued, state } = now;
  const { batchSize = 100, workers = 1 } = options ?? {};
  check(extracted === loaded + skipped + deadLettered + pending, "the identity is broken");
  check(pending >= 0, `${pending} are pending`);
  const mapped = inFlight.transform + queued.batches;
  check(inFlight.load <= workers, `${inFlight.load} batches are loaded by ${workers} workers`);
  check(mapped <= workers, `${mapped} batches are transformed or wait for ${workers} workers`);
  check(queued.items <= 2 * batchSize, `${queued.items} items are in the bucket`);
  if (state !== "running" || options?.onError === "discard") return broken; // Some may be dropped.
  const batches = mapped + inFlight.load;
  const isRead = source.kind.startsWith("chunks") ? 3 : 0; // Of a chunk that is not yet put in.
  const away = pending - queued.items;
  check(away >= batches, `${batches} batches have ${away} items`);
  check(away <= batches * batchSize + isRead, `${away} items are in ${batches} batches`);
  return broken;
}

/** What a run that should be over did not keep; nothing if all is well. */
export function problemsOf(scenario: Scenario, script: Script): string[] {
  const { end } = scenario;
  if (end === undefined) return ["never settled"];
  const broken = [...scenario.broken];
  const check = (holds: boolean, words: string) => void (holds || broken.push(words));
  check(scenario.begun === end.begun, "a call began after the end");
  check(scenario.tooLate === 0, "a call began after the abort");
  const isDeaf = [script.transform, script.load].includes("deaf");
  check(isDeaf || end.running === 0, `${end.running} calls ran on`);
  check(scenario.signal.listeners === 0, "a listener was left");
  check(scenario.source.stream?.locked !== true, "the stream was left locked");
  checkCancellation(scenario, check);
  checkCounts(scenario, script, check);
  checkOutcome(scenario, check);
  return broken;
}

type Check = (holds: boolean, words: string) => void;

function checkCancellation({ source, end }: Scenario, check: Check): void {
  const { cancelled, isOver, reads } = source;
  check(cancelled.length <= 1, `the source was cancelled ${cancelled.length} times`);
  // One that no read has reached may be left as it is: an iterator that has not begun holds nothing.
  const isLeft = !isOver && reads > 0;
  if (end?.report?.outcome === "completed") check(cancelled.length === 0, "cancelled at its end");
  else if (isLeft) check(cancelled.length === 1, "the source was left open");
}

function checkCounts({ source, end }: Scenario, script: Script, check: Check): void {
  const { report } = end!;
  if (report === undefined) return check(false, "no report");
  const { extracted, loaded, skipped, deadLettered, pending, outcome } = report;
  check(extracted === loaded + skipped + deadLettered + pending, "the identity is broken");
  check(pending >= 0, `${pending} are pending`);
  check(loaded === end!.loaded, `${loaded} loaded by the report, ${end!.loaded} by the load`);
  const chunk = source.source instanceof Object && script.source.kind.startsWith("chunks") ? 3 : 1;
  const lost = source.given - extracted;
  check(lost >= 0 && lost <= chunk, `${source.given} were given, ${extracted} extracted`);
  const isWhole = outcome === "completed" || (outcome === "drained" && script.stop !== undefined);
  check(!isWhole || pending === 0, `${pending} are pending although ${outcome}`);
  if (outcome !== "completed") return;
  check(lost === 0, "an item was lost");
  const skips = script.transform === "none" ? 0 : Math.floor(source.given / 5);
  check(skipped === skips, `${skipped} skipped, not ${skips}`);
}

function checkOutcome({ error, end, finalized }: Scenario, check: Check): void {
  const { outcome } = end!.report!;
  const isTold = finalized.length === 1 || (finalized.length === 0 && outcome !== "completed");
  check(isTold, `finalized ${finalized.length} times`);
  if (outcome === "completed") check(error === undefined, "completed, and rejected");
  else if (outcome === "failed") check(error instanceof PipelineError, "failed, and no such error");
  else if (error !== undefined) check(error instanceof CancelledError, `${error} for ${outcome}`);
  else check(outcome === "drained", `resolved as ${outcome}`);
}
