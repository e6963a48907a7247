// The package has no types. These are the parts used here.
declare module "exstream.js" {
  interface Exstream<T> {
    batch(size: number): Exstream<T[]>;
    map<R>(fn: (value: T) => R): Exstream<R>;
    resolve(parallelism: number, preserveOrder: boolean): Exstream<Awaited<T>>;
    toPromise(): Promise<T[]>;
  }
  export default function exstream<T>(
    source: Iterable<T> | AsyncIterable<T> | ReadableStream<T>,
  ): Exstream<T>;
}
