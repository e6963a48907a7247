/** Facts in the name of a part. */
export interface PartName {
  /** The offset of its first item. */
  readonly from: number;
  /** The offset after its last item. */
  readonly to: number;
  readonly rows: number;
  /** The claim under which it was put. */
  readonly epoch: number;
  /**
   * True if it does not say which items are finished: it counts once the checkpoint has its items.
   */
  readonly isUnmarked: boolean;
}

/** The folder of what a sink keeps for itself, which readers of whole folders pass over by its name. */
export const ownFolder = "_millrace/";

/** The name of the manifest. */
export const manifestName = "manifest.json";

/** The name of a part: in the order of names, parts stand in that of their items. */
export function partName({ from, to, rows, epoch, isUnmarked }: PartName, ending: string): string {
  const words = ["part", padded(from, 12), padded(to, 12), rows, padded(epoch, 6)];
  return `${words.join("-")}${isUnmarked ? "u" : ""}.${ending}`;
}

/** Returns the facts in the name of a part; `undefined` if it is not such a name. */
export function partOf(name: string): PartName | undefined {
  const found = /^part-(\d{12,})-(\d{12,})-(\d+)-(\d{6,})(u?)\.[\w.-]+$/.exec(name);
  if (found === null || name.endsWith(".tmp")) return undefined;
  const [from, to, rows, epoch] = found.slice(1, 5).map(Number) as [number, number, number, number];
  return { from, to, rows, epoch, isUnmarked: found[5] === "u" };
}

/** Name of an object that a sink keeps for itself. */
export type OwnName =
  /** The owner of the key. */
  | { readonly kind: "claim"; readonly epoch: number }
  /** The checkpoint. */
  | { readonly kind: "mark"; readonly epoch: number; readonly sequence: number }
  /** Items that a part completes, if its name does not say it all. */
  | { readonly kind: "ranges"; readonly epoch: number; readonly part: string };

/** The name of something that a sink keeps for itself. */
export function ownName(name: OwnName): string {
  const words = [name.kind, padded(name.epoch, 6)];
  if (name.kind === "mark") words.push(padded(name.sequence, 9));
  if (name.kind === "ranges") words.push(name.part);
  return `${ownFolder}${words.join("-")}.json`;
}

/** Returns the parts of a name that `ownName` made; `undefined` if it is not one. */
export function ownOf(name: string): OwnName | undefined {
  const found = /^_millrace\/(claim|mark|ranges)-(\d{6,})(?:-(.+))?\.json$/.exec(name);
  if (found === null) return undefined;
  const [, kind, epoch, rest = ""] = found;
  if (kind === "claim") return { kind, epoch: Number(epoch) };
  if (kind === "ranges") return { kind, epoch: Number(epoch), part: rest };
  return { kind: "mark", epoch: Number(epoch), sequence: Number(rest) };
}

/**
 * The folder of a key. Any string may be a key, and stores differ in what they take and tell apart: a
 * key that is a plain word is its own name, any other gets a hash.
 */
export async function folderOf(prefix: string, key: string): Promise<string> {
  if (/^[a-z0-9][a-z0-9_-]{0,79}$/.test(key)) return `${prefix}${key}/`;
  const bytes = new TextEncoder().encode(JSON.stringify(key)); // Which escapes half characters.
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0"));
  const words = key.slice(0, 200).toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return `${prefix}${words.join("-").slice(0, 60)}~${hex.join("")}/`;
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
