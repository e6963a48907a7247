/**
 * Object stores (folders, R2, S3): rows written exactly once into many objects, and objects opened for
 * the readers of this package.
 * @module
 */
export { folderStore } from "./object/folder-store.ts";
export { type Manifest, type ManifestPart, readParts } from "./object/manifest.ts";
export { ObjectError, type ObjectErrorOptions } from "./object/object-error.ts";
export type { R2Bucket, R2Facts, R2Found, R2Page } from "./object/r2-store.ts";
export { readObject, type ReadObjectOptions } from "./object/read-object.ts";
export { s3Store, type S3StoreOptions, type SignedFetch } from "./object/s3-store.ts";
export { type ObjectLoad, type ObjectSink, objectSink, type ObjectStage } from "./object/sink.ts";
export type { ObjectSinkOptions } from "./object/sink-options.ts";
export type {
  FoundObject,
  GetOptions,
  ListedObject,
  ObjectStore,
  PutOptions,
} from "./object/store.ts";
