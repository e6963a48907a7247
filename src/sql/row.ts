/** Whether a row can have columns. */
export function isRow(row: unknown): row is object {
  return typeof row === "object" && row !== null && !Array.isArray(row);
}
