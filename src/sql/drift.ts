/** Adds the dropped properties of a table to the counts of several tables: `"user.nick"`. */
export function addDrift(
  total: Record<string, number>,
  table: string,
  counts: Readonly<Record<string, number>>,
): void {
  for (const [property, count] of Object.entries(counts)) {
    const name = `${table}.${property}`;
    total[name] = (total[name] ?? 0) + count;
  }
}
