/** A key that no test had before, in whatever place a store keeps it. */
export function newKey(): string {
  return `test-${crypto.getRandomValues(new Uint32Array(3)).join("-")}`;
}
