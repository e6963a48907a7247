// Claims keys of a directory for a run as soon as it is told to go, and prints the owner of each; then
// lives on. `claim-keys.ts <directory> <runId> <until> <key> …`
import process from "node:process";
import { FileCheckpointStore } from "../../../src/adapters/file.ts";

const [directory = "", runId = "", until = "", ...keys] = process.argv.slice(2);
const store = new FileCheckpointStore(directory);
await store.read("warm up");
console.log("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));
const owners: string[] = [];
for (const key of keys) {
  const holder = await store.claim(key, { runId, until: Number(until) }, 0);
  owners.push(holder.runId);
  if (holder.runId !== runId) continue;
  await store.write(key, { offset: owners.length, done: [], updatedAt: 0, runId });
}
console.log(JSON.stringify(owners));
setInterval(() => {}, 1000); // Until it is killed.
