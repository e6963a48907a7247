/**
 * Preloaded into a process: presses Ctrl-C as soon as it prints.
 * @module
 */
import process from "node:process";

const print = console.log;
console.log = (...data: unknown[]) => {
  console.log = print;
  print(...data);
  process.kill(process.pid, "SIGINT");
};
