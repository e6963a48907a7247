/** Quotes a name for SQL, whatever it contains. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes names for SQL, separated by commas. */
export function quoteNames(names: readonly string[]): string {
  return names.map(quoteName).join(", ");
}
