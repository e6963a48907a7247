/** Version of a file on the web, if its server tells it. */
export async function webVersion(url: string): Promise<string | undefined> {
  const response = await fetch(url, { method: "HEAD" }).catch(() => undefined);
  await response?.body?.cancel();
  if (!response?.ok) return undefined; // Reading it will say why.
  const header = (name: string) => response.headers.get(name);
  const dated = header("last-modified") && `${header("last-modified")} ${header("content-length")}`;
  return header("etag") ?? dated ?? undefined;
}
