/**
 * Files on Node, Deno and Bun: opened for the readers of this package, written exactly once by a sink,
 * and used as checkpoints.
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
