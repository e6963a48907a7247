/**
 * The error of a row, told of the place of what the row was given in, and of its table, where this is
 * one of several.
 */
export function ofTable(error: Error, table: string | undefined, place: number): Error {
  const quoted = JSON.stringify(table);
  const named = table === undefined ? error.message : error.message
    .replace(/^Cannot load row\b/, () => `Cannot load row of ${quoted}`)
    .replace(/^Cannot add column /, (start) => `${start}${quoted}.`);
  const message = named
    .replace(/\(row \d+\)$/, `(row ${place})`);
  return Object.defineProperty(error, "message", { value: message });
}
