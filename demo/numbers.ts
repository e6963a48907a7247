const format = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A number for people: 200,000. */
export function show(value: number): string {
  return format.format(value);
}
