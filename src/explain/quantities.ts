/**
 * Numbers as a reader wants them, the same in every runtime and for every locale.
 * @module
 */

/**
 * A share of 1 in per cent: whole, but with one decimal below 1. Only nothing is 0 %, and only all is
 * 100 %. Markup has to escape it.
 */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  const hundredths = share * 100;
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  if (share >= 0.9995 && share < 1) return "> 99.9 %";
  if (Math.abs(hundredths) < 0.95) return `${Number(hundredths.toFixed(1))} %`;
  return `${share < 1 ? Math.min(99, Math.round(hundredths)) : Math.round(hundredths)} %`;
}

/** A number with a point every three digits left of it; below 10 with one decimal. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const rounded = Math.abs(value) < 10 ? Number(value.toFixed(1)) : Math.round(value);
  return String(rounded).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A number of which three digits mean something: an estimate says no more. */
export function about(value: number): string {
  return count(Math.abs(value) < 1000 ? value : Number(value.toPrecision(3)));
}

/** So many of something. */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A duration in milliseconds, in the unit that suits it. */
export function time(duration: number): string {
  if (duration < 999.5) return `${count(duration)} ms`;
  if (duration < 9995) return `${(duration / 1000).toFixed(2)} s`;
  return coarseTime(duration);
}

/** A duration in milliseconds that somebody watches: from seconds on, none is more exact. */
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
