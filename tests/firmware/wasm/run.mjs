// Runs `report.wasm` of a target in Node and prints one line of JSON: node run.mjs TARGET FILE
import { readFile, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [target, file] = process.argv.slice(2);
const module = await WebAssembly.compile(await readFile(file));

/** Without a system: the module imports a console and nothing else. */
async function bare() {
  const bytes = [];
  const { exports } = await WebAssembly.instantiate(module, { host: { print: (byte) => bytes.push(byte) } });
  if (exports.run() !== 0) throw new Error("no report");
  return Buffer.from(bytes).toString();
}

/** With WASI, which writes to a descriptor. */
async function wasi() {
  const { WASI } = await import("node:wasi");
  const folder = await mkdtemp(join(tmpdir(), "wasi-"));
  try {
    const output = await open(join(folder, "report"), "w+");
    const system = new WASI({ version: "preview1", stdout: output.fd, returnOnExit: true });
    const instance = await WebAssembly.instantiate(module, system.getImportObject());
    if (system.start(instance) !== 0) throw new Error("no report");
    const text = await readFile(join(folder, "report"), "utf8");
    await output.close();
    return text;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const report = { target, digests: {}, malformed: {} };
for (const line of (await (target.includes("wasi") ? wasi() : bare())).trimEnd().split("\n")) {
  const [kind, name, value] = line.split(" ");
  report[kind][name] = kind === "digests" ? value : parseInt(value, 16);
}
console.log(JSON.stringify(report));
