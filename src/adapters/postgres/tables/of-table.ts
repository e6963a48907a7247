/** The error of a row, told of its table and of the place of what the row was given in. */
export function ofTable(error: Error, table: string, place: number): Error {
  const message = error.message
    .replace(/^Cannot load row\b/, () => `Cannot load row of ${JSON.stringify(table)}`)
    .replace(/\(row \d+\)$/, `(row ${place})`);
  return Object.defineProperty(error, "message", { value: message });
}
