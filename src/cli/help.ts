import { optionsOf, shownValue } from "./arguments.ts";
import type { Command, CommandEntry } from "./command.ts";

/** Lines of aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widths, row) => row.map((cell, column) => Math.max(widths[column] ?? 0, cell.length)),
    [],
  );
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)));
  return lines.map((cells) => `${cells.join("  ").trimEnd()}\n`).join("");
}

/** Indented lines of two columns, the second one aligned. */
function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  return table(rows.map(([left, right]) => [`  ${left}`, right]));
}

/** The text of `millrace --help`: one screen. */
export function overview(commands: readonly CommandEntry[]): string {
  return `Runs pipelines of millrace.

Usage: millrace <command> [options]

Commands:
${columns(commands.map(({ name, summary }) => [name, summary]))}
Options:
${
    columns([
      ["-h, --help", "show the help, or that of a command: millrace run --help"],
      ["-v, --version", "show the version"],
    ])
  }`;
}

/** The text of `millrace <command> --help`. */
export function helpOf({ name, summary }: CommandEntry, command: Command): string {
  const rows = Object.entries(optionsOf(command)).map(([flag, option]) => {
    const short = option.short === undefined ? "" : `-${option.short}, `;
    const value = shownValue(option);
    return [`${short}--${flag}${value && ` ${value}`}`, option.description] as const;
  });
  const [first = "", ...others] = command.usage.map((form) => `millrace ${form}`);
  const forms = [`Usage: ${first}`, ...others.map((form) => `       ${form}`)].join("\n");
  const notes = command.notes === undefined ? "" : `\n${command.notes}\n`;
  return `millrace ${name}: ${summary}\n\n${forms}\n\nOptions:\n${columns(rows)}${notes}`;
}
