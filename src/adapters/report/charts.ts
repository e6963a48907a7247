import { about, count, perSecond, time } from "../../explain/quantities.ts";
import type { Latency, RunReport, RunTrace, TracedBatch } from "../../report-types.ts";
import { heightAt, timeAxis, valueAxis } from "./axis.ts";
import { element, percentOf, shareOf, short } from "./markup.ts";
import { figureOf, keyOf } from "./plot.ts";

/** Bars in a picture: on a phone each is still wider than a hair, and most stand for some batches. */
const minBars = 12;
const maxBars = 96;

/** Items per second over time, a bar for each interval. */
export function throughput(
  id: string,
  { duration, rate, batches }: RunReport,
  trace: RunTrace,
): string {
  const wanted = Math.min(maxBars, Math.max(minBars, Math.round(batches / 3)));
  const bars = barsOf(trace, duration, wanted);
  const max = Math.max(rate, ...bars.map((bar) => bar.rate)) * 1.05;
  const drawn = bars.map(({ from, length, items, rate }) => {
    const top = heightAt(rate, max);
    const shape = {
      x: percentOf(from, duration),
      width: percentOf(length * 0.9, duration),
      y: top,
    };
    const words = `${time(from)}: ${count(items)} items, ${about(rate)}/s`;
    const box = { ...shape, height: percentOf(rate, max), class: "busy", "data-items": items };
    return element("rect", box, element("title", {}, words));
  });
  const y = heightAt(rate, max);
  const mean = element("line", { x1: 0, x2: "100%", y1: y, y2: y, class: "mean" }) +
    element("text", { x: "100%", y, dy: -5, "text-anchor": "end", class: "tag" }, "average");
  return figureOf({
    id,
    kind: "throughput",
    title: "Throughput",
    description: `Items done per second over ${time(duration)}: ${about(rate)} on average, ` +
      `${about(Math.max(0, ...bars.map((bar) => bar.rate)))} at most.`,
    height: 150,
    body: valueAxis(max, about) + timeAxis(duration) + drawn.join("") + mean,
    key: `<p class="unit">items/s</p>`,
  });
}

interface Bar {
  readonly from: number;
  readonly length: number;
  readonly items: number;
  readonly rate: number;
}

/** Intervals put together, so that they are few; what is left at the end belongs to the last. */
function barsOf({ done, interval }: RunTrace, duration: number, wanted: number): readonly Bar[] {
  const width = interval * Math.max(1, Math.ceil(duration / interval / wanted));
  const bars: Bar[] = [];
  const perBar = width / interval;
  const whole = Math.max(1, Math.round(duration / width)); // Less than half a bar is none.
  for (let index = 0; index < whole; index++) {
    const from = index * width;
    const isLast = index === whole - 1;
    const part = done.slice(index * perBar, isLast ? undefined : (index + 1) * perBar);
    const items = part.reduce((sum, each) => sum + each, 0);
    const length = isLast ? Math.max(duration - from, 0) : width;
    bars.push({ from, length, items, rate: perSecond(items, length) });
  }
  return bars;
}

/** Chart of the time of each batch from the bucket to its end, by the time of its end. */
export function latencies(id: string, { duration, latency }: RunReport, trace: RunTrace): string {
  const { batches } = trace;
  const max = Math.max(0, ...batches.map(durationOf), latency?.p99 ?? 0) * 1.05;
  const dots = batches.map((batch) => {
    const [x, y] = [percentOf(batch.endedAt, duration), heightAt(durationOf(batch), max)];
    const title = element("title", {}, `batch ${batch.sequence}: ${time(durationOf(batch))}`);
    const data = { "data-latency": short(durationOf(batch)) };
    if (batch.deadLettered > 0) return element("use", { href: "#mark-lost", x, y, ...data }, title);
    if (batch.retries > 0) return element("use", { href: "#mark-retry", x, y, ...data }, title);
    return element("circle", { cx: x, cy: y, r: 3, class: "dot", ...data }, title);
  });
  return figureOf({
    id,
    kind: "latency",
    title: "Latency of batches",
    description: latency === undefined
      ? "How long each batch took from the bucket to the end of its load."
      : `Half of the batches took no longer than ${time(latency.p50)}, 90 % ` +
        `${time(latency.p90)}, 99 % ${time(latency.p99)}.`,
    height: 150,
    body: valueAxis(max, time) + timeAxis(duration) + dots.join("") + quantiles(latency, max),
    key: keyOf(
      [element("circle", { cx: 9, cy: 6, r: 3, class: "dot" }), "batch"],
      ...batchMarks(batches),
    ),
  });
}

/** Legend of the marks on batches, if there are any. */
export function batchMarks(
  batches: readonly TracedBatch[],
): readonly (readonly [string, string])[] {
  const isRetried = batches.some(({ retries }) => retries > 0);
  const isLost = batches.some(({ deadLettered }) => deadLettered > 0);
  return [
    ...(isRetried
      ? [[element("use", { href: "#mark-retry", x: 9, y: 6 }), "retried"]] as const
      : []),
    ...(isLost
      ? [[element("use", { href: "#mark-lost", x: 9, y: 6 }), "dead letters"]] as const
      : []),
  ];
}

/** Lines at the quantiles, but for those that would stand on another. */
function quantiles(latency: Latency | undefined, max: number): string {
  if (latency === undefined) return "";
  const drawn: number[] = [];
  const all = [["p50", latency.p50], ["p99", latency.p99], ["p90", latency.p90]] as const;
  return all.filter(([, value]) => {
    const isFree = drawn.every((other) => Math.abs(other - value) > max * 0.11);
    if (isFree) drawn.push(value);
    return isFree;
  }).map(([name, value]) => {
    const y = heightAt(value, max);
    return element("line", { x1: 0, x2: "100%", y1: y, y2: y, class: "mean" }) +
      element("text", { x: "100%", y, dy: -5, "text-anchor": "end", class: "tag" }, name);
  }).join("");
}

function durationOf({ batchedAt, endedAt }: TracedBatch): number {
  return endedAt - batchedAt;
}

/** Says which share of all batches a picture shows. */
export function sampleNote({ every, batches }: RunTrace): string | undefined {
  if (!(every > 1)) return undefined;
  return `One batch of every ${count(every)} is shown (${
    shareOf(1 / every)
  }), ${batches.length} in all.`;
}
