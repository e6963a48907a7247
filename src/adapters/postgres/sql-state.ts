/** The SQLSTATE of an error of the database, whatever the client calls it. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, errno } = Object(error) as { code?: unknown; errno?: unknown };
  const isState = (value: unknown): value is string =>
    typeof value === "string" && /^[0-9A-Z]{5}$/.test(value);
  return isState(errno) ? errno : isState(code) ? code : undefined;
}
