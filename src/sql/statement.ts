/** Returns a statement without trailing semicolons and blanks, to be embedded in another one. */
export function withoutEnd(sql: string): string {
  let end = sql.length; // A regular expression would begin anew at each blank within.
  while (end > 0 && /[\s;]/.test(sql[end - 1]!)) end--;
  return sql.slice(0, end);
}
