/** Stands for all names beyond those that are told apart. */
export const others = "…others";

/** The name itself, as long as there are at most `max` of them; `others` for a further one. */
export function nameWithin(
  known: ReadonlyMap<string, unknown>,
  name: string,
  max: number,
): string {
  return known.has(name) || known.size < max ? name : others;
}
