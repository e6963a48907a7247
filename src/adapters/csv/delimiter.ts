import { type Dialect, Scanner } from "./scanner.ts";

const candidates = [",", ";", "\t", "|"];
/** Maximum number of records to examine, and maximum length of the text. */
const enough = 10;
const most = 65_536;

/**
 * Detects the delimiter of a text that may continue. It is the candidate for which most of the first
 * records have as many fields as the first record, or as the required `width`. `undefined` means that
 * more text is needed.
 */
export function delimiterOf(
  dialect: Dialect,
  text: string,
  isLast: boolean,
  width?: number,
): string | undefined {
  const isAll = isLast || text.length >= most;
  const sample = text.slice(0, most);
  const hint = hintOf(sample);
  if (hint !== undefined) return hint;
  const widths = candidates.map((delimiter) =>
    widthsOf({ ...dialect, delimiter }, sample, isLast && text.length <= most)
  );
  if (!isAll && widths.some((found) => found.length === 0)) return undefined;
  const wide = candidates.filter((_, index) => (widths[index]?.[0] ?? 0) > 1);
  if (wide.length < 2) return wide[0] ?? ",";
  if (!isAll && widths.some((found) => found.length < enough)) return undefined;
  return best(widths, width);
}

/** Returns the delimiter that the first line declares for Excel: `sep=;`. */
export function hintOf(text: string): string | undefined {
  return /^sep=([^\w\s"]|\t)(?=\n|\r[^])/i.exec(text)?.[1];
}

/** Returns the number of fields of the first records; 0 for a broken one. */
function widthsOf(dialect: Dialect, sample: string, isLast: boolean): number[] {
  const scanner = new Scanner({ ...dialect, maxBytes: Infinity });
  scanner.push(sample, isLast);
  const widths: number[] = [];
  while (widths.length < enough) {
    const found = scanner.find();
    if (found === "more") break;
    widths.push(found === "record" ? scanner.count : 0);
  }
  return widths;
}

function best(widths: readonly (readonly number[])[], width: number | undefined): string {
  const scores = widths.map((found) => {
    const [first = 0] = found;
    const wanted = width ?? first;
    const agreeing = found.filter((count) => count === wanted).length / found.length;
    return wanted > 1 ? agreeing + first / 1e6 : 0; // Of equals the one with more fields.
  });
  return candidates[scores.indexOf(Math.max(...scores))] ?? ",";
}
