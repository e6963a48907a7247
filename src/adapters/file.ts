/**
 * Checkpoints in files, for Node, Deno and Bun.
 * @module
 */
export { FileCheckpointStore } from "./file/file-checkpoint-store.ts";
