/** Returns the error of a row with the place of its item, and with its table if there are several. */
export function ofTable(error: Error, table: string | undefined, place: number): Error {
  const quoted = JSON.stringify(table);
  const named = table === undefined ? error.message : error.message
    .replace(/^Cannot load row\b/, () => `Cannot load row of ${quoted}`)
    .replace(/^Cannot add column /, (start) => `${start}${quoted}.`);
  const message = named
    .replace(/\(row \d+\)$/, `(row ${place})`);
  return Object.defineProperty(error, "message", { value: message });
}
