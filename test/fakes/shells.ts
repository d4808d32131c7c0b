/** The shells that are `sh` on machines, each with programs of its own kind, and scripts of ours run by them without ssh in between. */
import { execFileSync, spawn } from "node:child_process"
import { existsSync, mkdtempSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Shell {
  readonly name: string
  readonly command: ReadonlyArray<string>
  /** Where it finds programs. */
  readonly path: string
}

const usual = "/usr/local/bin:/usr/bin:/bin"
export const find = (name: string): string | undefined =>
  usual
    .split(":")
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))

/** A folder of links to programs that this machine has. */
export const programs = (...names: ReadonlyArray<string>): string => {
  const folder = mkdtempSync(join(tmpdir(), "bin-"))
  for (const name of names) {
    const path = find(name)
    if (path !== undefined) symlinkSync(path, join(folder, name))
  }
  return folder
}

const busybox = (): Shell => {
  const path = mkdtempSync(join(tmpdir(), "busybox-"))
  execFileSync("busybox", ["--install", "-s", path])
  return { name: "busybox", command: [join(path, "sh")], path }
}

/** busybox where it is installed: `.ci/run` does that. */
export const shells: ReadonlyArray<Shell> = [
  ...(find("dash") === undefined ? [] : [{ name: "dash", command: ["dash"], path: usual }]),
  ...(find("bash") === undefined ? [] : [{ name: "bash", command: ["bash", "--posix"], path: usual }]),
  ...(find("busybox") === undefined ? [] : [busybox()])
]

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** As a machine runs it: arguments, then what is on stdin. */
export const runIn = (
  { command, path }: Shell,
  home: string,
  script: string,
  args: ReadonlyArray<string>,
  input: Uint8Array | string = ""
): Promise<Run> => {
  const [program = "", ...flags] = command
  const child = spawn(program, [...flags, "-c", script, "sh", ...args], { env: { HOME: home, PATH: path }, cwd: "/" })
  const said = { stdout: "", stderr: "" }
  child.stdout.on("data", (text: Buffer) => (said.stdout += text))
  child.stderr.on("data", (text: Buffer) => (said.stderr += text))
  child.stdin.on("error", () => undefined).end(input)
  return new Promise((done) => child.once("close", (code) => done({ code, ...said })))
}
