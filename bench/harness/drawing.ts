/** Colours that are told apart in dark and light, and by eyes that see fewer of them. */
export const colours = [
  ["#1f6fc4", "#5aa7f5"],
  ["#c4660a", "#f09a4a"],
  ["#1a8a5f", "#3fc795"],
  ["#8250c4", "#b493f0"],
  ["#a83a5b", "#ee7d9d"],
  ["#6b6f00", "#c3c750"],
  ["#007f91", "#4fc6d8"],
  ["#7a4a2b", "#cfa07c"],
  ["#59636e", "#aab3bd"],
] as const;

/** Words at a place. */
export function text(x: number, y: number, words: string, kind: string): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}">${escaped(words)}</text>`;
}

/** Words as XML has them. */
export function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
