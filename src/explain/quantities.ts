/**
 * Readable numbers, the same in every runtime and locale.
 * @module
 */

/**
 * Returns a share of 1 in per cent: whole, but with one decimal below 1. Only nothing is 0 %, and only
 * all is 100 %. Escape it in markup.
 */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  const hundredths = share * 100;
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  if (share >= 0.9995 && share < 1) return "> 99.9 %";
  if (Math.abs(hundredths) < 0.95) return `${Number(hundredths.toFixed(1))} %`;
  return `${share < 1 ? Math.min(99, Math.round(hundredths)) : Math.round(hundredths)} %`;
}

/** Returns a number with a comma every three digits; below 10, with one decimal. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const rounded = Math.abs(value) < 10 ? Number(value.toFixed(1)) : Math.round(value);
  return String(rounded).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Returns a number with three significant digits, for estimates. */
export function about(value: number): string {
  return count(Math.abs(value) < 1000 ? value : Number(value.toPrecision(3)));
}

/** Returns a number with its unit, singular or plural. */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Returns a duration in milliseconds as text, in a suitable unit. */
export function time(duration: number): string {
  if (duration < 999.5) return `${count(duration)} ms`;
  if (duration < 9995) return `${(duration / 1000).toFixed(2)} s`;
  return coarseTime(duration);
}

/** Returns a duration in milliseconds as text, for a live display: never more exact than 0.1 s. */
export function coarseTime(duration: number): string {
  if (!Number.isFinite(duration)) return "–";
  if (duration < 59_950) return `${(duration / 1000).toFixed(1)} s`;
  const seconds = Math.round(duration / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** Returns a rate per second; 0 before any time has passed. */
export function perSecond(count: number, duration: number): number {
  return duration > 0 ? count / duration * 1000 : 0;
}
