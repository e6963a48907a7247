import type { Comparison } from "./question.ts";

/** A value as a table shows it: three digits, in the unit of its row. */
export function valueWords(value: number | undefined, { unit, as, against }: Comparison): string {
  if (value === undefined) return "–";
  if (unit === undefined) return `${threeDigits(value)}×`;
  if (unit === "items/s") return `${threeDigits(value / 1e6)} M/s`;
  const sign = against !== undefined && as === "difference" && value > 0 ? "+" : "";
  return `${sign}${threeDigits(value)} ${unit}`;
}

/** The target of a row. Most rows have none. */
export function floorWords(row: Comparison): string {
  const { atLeast, atMost, floorOf } = row;
  const place = floorOf === undefined ? "" : ` on ${floorOf}`;
  if (atLeast !== undefined) return `≥ ${valueWords(atLeast, row)}${place}`;
  if (atMost !== undefined) return `≤ ${valueWords(atMost, { ...row, as: "ratio" })}${place}`;
  return "";
}

/** Returns true if a value misses the target of its row. It is marked, and nothing fails. */
export function isMissed(value: number | undefined, row: Comparison, runtime: string): boolean {
  if (value === undefined || !runtime.startsWith(row.floorOf ?? "")) return false;
  return value < (row.atLeast ?? -Infinity) || value > (row.atMost ?? Infinity);
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 10 ? 1 : size >= 0.01 || size === 0 ? 2 : 4);
}
