import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { packed } from "../../../scripts/packed.mjs";

/** A registry that has this package alone, of which npm, Deno and Bun install it as users do. */
export async function openRegistry(): Promise<{ url: string; close(): void }> {
  const tarball = readFileSync(packed());
  const pkg = JSON.parse(readFileSync("package.json", "utf8"));
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  const server = createServer(({ url: path }, response) => {
    if (path?.endsWith(".tgz")) return response.end(tarball);
    if (path !== `/${pkg.name}`) response.statusCode = 404;
    const dist = { tarball: `${url}/${pkg.name}-${pkg.version}.tgz`, integrity };
    const { name, version, type, exports, bin } = pkg;
    const versions = { [version]: { name, version, type, exports, bin, dist } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name, versions, "dist-tags": { latest: version } }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => void server.close() };
}
