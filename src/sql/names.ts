/** A name as it stands in SQL: whatever is in it, within the quotes it is a name. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Names as they stand in SQL, with commas. */
export function quoteNames(names: readonly string[]): string {
  return names.map(quoteName).join(", ");
}
