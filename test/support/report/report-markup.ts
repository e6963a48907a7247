/** The values of an attribute, in the order of the text. */
export function valuesOf(text: string, attribute: string): string[] {
  return [...text.matchAll(new RegExp(`\\s${attribute}="([^"]*)"`, "g"))].map((match) => match[1]!);
}

/** The elements that have an attribute, each with all its attributes. */
export function elementsWith(text: string, attribute: string): Record<string, string>[] {
  return [...text.matchAll(/<[a-z]+((?:\s[a-z0-9-]+="[^"]*")*)/g)]
    .map(([, list = ""]) =>
      Object.fromEntries([...list.matchAll(/([a-z0-9-]+)="([^"]*)"/g)].map((m) => [m[1]!, m[2]!]))
    )
    .filter((found) => attribute in found);
}

/** A picture of a page, by its kind. */
export function pictureOf(page: string, kind: string): string {
  return page.match(new RegExp(`<figure[^>]*data-plot="${kind}"[^]*?</figure>`))?.[0] ?? "";
}
