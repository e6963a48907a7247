/**
 * Files of Node, Deno and Bun: to be read by the readers of the package, rows written into one exactly
 * once, and checkpoints.
 * @module
 */
export { FileCheckpointStore } from "./file/file-checkpoint-store.ts";
export {
  type FileStart,
  type OpenedFile,
  type OpenedFiles,
  openFiles,
  type OpenFilesOptions,
} from "./file/open-files.ts";
export { type FileLoad, type FileSink, fileSink, type FileStage } from "./file/sink.ts";
export type { FileSinkOptions } from "./file/sink-options.ts";
