import { element, percentOf, short } from "./markup.ts";

/** Round numbers from 0 up to `most`: 1, 2, 2.5 or 5 times a power of ten apart. */
export function ticksOf(max: number, parts: number): readonly number[] {
  if (!(max > 0) || !Number.isFinite(max)) return [0];
  const power = 10 ** Math.floor(Math.log10(max / parts));
  const step = power * ([1, 2, 2.5, 5].find((factor) => factor * power * parts >= max) ?? 10);
  const ticks: number[] = [];
  for (let n = 0; n * step <= max * 1.0001; n++) ticks.push(Number((n * step).toPrecision(6)));
  return ticks;
}

/** Lines upright at round times, and the times below. */
export function timeAxis(duration: number): string {
  const [factor, unit] = unitOf(duration);
  return ticksOf(duration / factor, 6).map((tick) => {
    const x = percentOf(tick * factor, duration);
    const anchor = tick === 0 ? "start" : tick * factor > duration * 0.94 ? "end" : "middle";
    const text = `${short(tick)} ${unit}`;
    return element("line", { x1: x, x2: x, y1: 0, y2: "100%", class: "grid" }) +
      element("text", { x, y: "100%", dy: 18, "text-anchor": anchor, class: "tick" }, text);
  }).join("");
}

/** Lines across at round values, and the values at their left. */
export function valueAxis(max: number, format: (value: number) => string): string {
  return ticksOf(max, 5).map((tick) => {
    const y = heightAt(tick, max);
    return element("line", { x1: 0, x2: "100%", y1: y, y2: y, class: "grid" }) +
      element("text", { x: -8, y, dy: 4, "text-anchor": "end", class: "tick" }, format(tick));
  }).join("");
}

/** Where a value stands in a picture whose floor is 0. */
export function heightAt(value: number, max: number): string {
  return percentOf(max - value, max);
}

function unitOf(duration: number): readonly [factor: number, unit: string] {
  if (duration < 1000) return [1, "ms"];
  if (duration < 180_000) return [1000, "s"];
  return duration < 3 * 3_600_000 ? [60_000, "min"] : [3_600_000, "h"];
}
