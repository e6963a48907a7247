// Loads cities into D1 in three ways: from an upload, through a queue, and from a file in R2. The
// import of the file continues from alarm to alarm, however large the file is.
//
// Run: npx wrangler dev --config examples/workers/wrangler.jsonc
// Then: curl --data-binary @examples/data/cities.ndjson http://localhost:8787/upload
// Last line: {"outcome":"completed","loaded":30,"bad":0}
import { type Env, importOf } from "./env.ts";
import { importPage, usage } from "./pages.ts";
import { consume, produce } from "./queue.ts";
import { upload } from "./upload.ts";

export { Import } from "./import.ts";

export default {
  async fetch(request: Request, env: Env, context: { waitUntil(work: unknown): void }) {
    const { pathname } = new URL(request.url);
    const [, folder, file = ""] = pathname.split("/");
    switch (`${request.method} /${folder}`) {
      case "GET /":
        return usage();
      case "POST /upload":
        return await upload(request, env, context);
      case "POST /queue":
        return await produce(request, env);
      case "PUT /imports":
        return await startImport(file, request, env);
      case "GET /imports":
        return importPage(file, await importOf(env, file).status());
      default:
        return new Response("Not found", { status: 404 });
    }
  },

  queue: consume,
};

/** Stores the file and leaves the rest to the alarm of an object: the client need not wait. */
async function startImport(file: string, { body }: Request, env: Env) {
  if (file === "" || body === null) return new Response("Send a file", { status: 400 });
  const { etag, size } = await env.FILES.put(file, body);
  await importOf(env, file).begin({ file, etag, size });
  return new Response(`See /imports/${file}\n`, { status: 202 });
}
