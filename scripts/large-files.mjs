// Reads a large CSV.gz with all that goes wrong in such files, stops a bomb, and writes a large file and
// as much into objects; prints the memory that takes, beside that of a tenth (Linux):
//   npm run build && node scripts/large-files.mjs [--mb 1000] [--sink-mb 5000] [--in /tmp]
// The file that is written needs as much room in that folder.
// Node lets its young generation grow with what is allocated, up to some 100 MB. It is given 4 MB here,
// so that what is kept can be told from what only waits to be collected; --semi-space 0 leaves it.
import { once } from "node:events";
import {
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import process, { argv, execPath } from "node:process";
import { parseArgs } from "node:util";
import { createGzip, gzipSync } from "node:zlib";

const options = {
  mb: { type: "string", default: "1000" },
  "sink-mb": { type: "string", default: "5000" },
  "semi-space": { type: "string", default: "4" },
  in: { type: "string", default: tmpdir() },
  task: { type: "string", default: "" },
};
const { values } = parseArgs({ args: argv.slice(2), options });
const badRows = 1_000;
const longLine = 50_000_000;
const head = "\uFEFFid,name,email,amount,created,note\r\n";

/** Lines of about 64 KB, from a number on, of which the first may be a bad one. */
function linesFrom(id, isBad, hasQuotes = true) {
  let text = isBad ? `${id},bad,bad@example.com,much,2026-01-01T00:00:00Z,\r\n` : "";
  const first = isBad ? id + 1 : id;
  let next = first;
  while (text.length < 65_536) {
    const note = hasQuotes && next % 20 === 0 ? `"said ""hi"",\r\nand left"` : "some words";
    text +=
      `${next},User ${next},user${next}@example.com,${next}.25,2026-01-01T00:00:00Z,${note}\r\n`;
    next++;
  }
  return { text, next };
}

/** Writes the file, and gives the lines that letters must name. */
async function make(path, bytes) {
  const gzip = createGzip({ level: 1 });
  const file = gzip.pipe(createWriteStream(path));
  const lines = []; // Those of which a letter must tell.
  let [line, id, written] = [2, 1, 0];
  const put = async (text) => {
    written += text.length;
    if (!gzip.write(text)) await once(gzip, "drain");
  };
  await put(head);
  for (let bad = 0, isLong = false; written - (isLong ? longLine : 0) < bytes;) {
    const isBad = bad < badRows && bad <= (written / bytes) * badRows * 1.01;
    if (isBad) lines.push(line);
    bad += isBad ? 1 : 0;
    const { text, next } = linesFrom(id, isBad);
    await put(text);
    line += text.split("\r\n").length - 1;
    id = next;
    if (!isLong && written > bytes / 2) {
      isLong = true;
      lines.push(line++);
      for (let left = longLine; left > 0; left -= 50_000) await put("x".repeat(50_000));
      await put("\r\n");
    }
  }
  lines.push(line);
  await put(`${id},"not closed,a@b.c,1,2026-01-01T00:00:00Z,\r\n`);
  for (let n = 0; n < 10; n++) await put(linesFrom(id + 1, false, false).text);
  gzip.end();
  await once(file, "close");
  return lines;
}

/** Does a task in a process of its own, and gives what it prints. */
function run(task) {
  const { stdout, stderr, status } = spawnSync(execPath, [
    "--expose-gc",
    `--max-semi-space-size=${values["semi-space"]}`,
    "--disable-warning=ExperimentalWarning",
    argv[1],
    `--task=${JSON.stringify(task)}`,
  ], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const MB = (bytes) => Math.round(bytes / 1e5) / 10;
/** The most memory that this process had; `resourceUsage()` begins with that of its parent. */
const peakOf = () =>
  MB(1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]));

const tasks = {
  async read({ path }) {
    const { etl } = await import("../dist/index.js");
    const { readCsv } = await import("../dist/adapters/csv.js");
    const { openFiles } = await import("../dist/adapters/file.js");
    const letters = [];
    let [rows, heap] = [0, 0];
    let next = 0;
    const columns = { id: "number", amount: "number", created: "date" };
    await etl({
      name: "read",
      extract: () => readCsv(openFiles(path), { columns, malformed: "item" }),
      load(batch) {
        rows += batch.length;
        if (rows < next) return;
        next += 500_000;
        globalThis.gc();
        heap = Math.max(heap, process.memoryUsage().heapUsed);
      },
    }).run({
      batchSize: 1000,
      deadLetters: () => new WritableStream({ write: (letter) => void letters.push(letter) }),
    });
    return {
      rows,
      letters: letters.map(({ error }) => error.line),
      heap: MB(heap),
      peak: peakOf(),
    };
  },
  async bomb({ path }) {
    const { decompress } = await import("../dist/adapters/compression.js");
    const { openFiles } = await import("../dist/adapters/file.js");
    let bytes = 0;
    const stream = decompress(openFiles(path), { maxBytes: 10_000_000 });
    const sink = new WritableStream({ write: (chunk) => void (bytes += chunk.length) });
    const error = await stream.pipeTo(sink).then(() => "nothing", ({ message }) => message);
    return { bytes, error, peak: peakOf() };
  },
  async write({ path, bytes }) {
    const { etl, chunks } = await import("../dist/index.js");
    const { fileSink } = await import("../dist/adapters/file.js");
    const { encodeNdjson } = await import("../dist/adapters/ndjson.js");
    const { load, checkpoints } = fileSink(path, { format: encodeNdjson() });
    const { loaded } = await etl({ name: "write", extract: () => chunks(rowsOf(bytes)), load })
      .run({ batchSize: 20_000, checkpoints });
    globalThis.gc();
    return { rows: loaded, heap: MB(process.memoryUsage().heapUsed), peak: peakOf() };
  },
  async objects({ path, bytes }) {
    const { etl, chunks } = await import("../dist/index.js");
    const { folderStore, objectSink } = await import("../dist/adapters/object.js");
    const { encodeNdjson } = await import("../dist/adapters/ndjson.js");
    const sink = objectSink(folderStore(path), { format: encodeNdjson() });
    const { load, checkpoints, writeManifest: postProcess } = sink;
    await etl({ name: "rows", extract: () => chunks(rowsOf(bytes)), load, postProcess })
      .run({ batchSize: 20_000, workers: 2, checkpoints });
    globalThis.gc();
    const { rows, parts } = JSON.parse(readFileSync(`${path}/rows/manifest.json`, "utf8"));
    const heap = MB(process.memoryUsage().heapUsed);
    return { rows, parts: parts.length, heap, peak: peakOf() };
  },
};

/** Arrays of rows, of so many bytes as JSON lines. */
function* rowsOf(bytes) {
  const note = "some words ".repeat(20);
  for (let id = 0, written = 0; written < bytes; written += 1_000 * 270) {
    yield Array.from(
      { length: 1_000 },
      (_, index) => ({ id: id + index, name: `User ${id}`, note }),
    );
    id += 1_000;
  }
}

if (values.task !== "") {
  const { name, ...task } = JSON.parse(values.task);
  console.log(JSON.stringify(await tasks[name](task)));
} else {
  const folder = mkdtempSync(join(values.in, "millrace-large-"));
  try {
    for (const mb of [Number(values.mb) / 10, Number(values.mb)]) {
      const path = join(folder, `${mb}.csv.gz`);
      const lines = await make(path, mb * 1e6);
      const { letters, ...end } = run({ name: "read", path });
      const isExact = JSON.stringify(letters) === JSON.stringify(lines);
      console.log(`${mb} MB (${MB(statSync(path).size)} gzipped):`, {
        ...end,
        letters: letters.length,
        isExact,
      });
      rmSync(path);
    }
    const bomb = join(folder, "bomb.gz");
    const member = gzipSync(new Uint8Array(1e7));
    writeFileSync(bomb, Buffer.concat(Array.from({ length: 100 }, () => member)));
    console.log("a bomb of 1000 MB:", run({ name: "bomb", path: bomb }));
    for (const mb of [Number(values["sink-mb"]) / 10, Number(values["sink-mb"])]) {
      const path = join(folder, "rows.ndjson");
      const end = run({ name: "write", path, bytes: mb * 1e6 });
      console.log(`${MB(statSync(path).size)} MB written:`, end);
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      const objects = join(folder, "objects");
      console.log(`${mb} MB as objects:`, run({ name: "objects", path: objects, bytes: mb * 1e6 }));
      rmSync(objects, { recursive: true });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
