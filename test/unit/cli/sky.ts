/** The client as it ships, bundled once per test file, run as a program. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "esbuild"

export const bundle = async (defines: Record<string, string> = {}): Promise<string> => {
  // As it is installed: bin/ stands beside dist/.
  const outdir = join(mkdtempSync(join(tmpdir(), "sky-package-")), "dist")
  const common = {
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    outdir,
    outExtension: { ".js": ".cjs" }
  } as const
  const define = { BUILD: JSON.stringify("0.1.0+1000"), ...defines }
  await build({ ...common, define, entryPoints: { sky: "cli/main.ts", more: "cli/more.ts" }, external: ["./more.cjs"] })
  return outdir
}

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export const startSky = (dist: string, home: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}, cwd = process.cwd()) => {
  const { PATH, HOME } = process.env
  const child: ChildProcess = spawn(process.execPath, [join(dist, "sky.cjs"), ...args], {
    cwd,
    env: { PATH, HOME, LANG: "C.UTF-8", SKYD_HOME: home, ...env }
  })
  const ended = new Promise<Ended>((done) => {
    let out = ""
    let err = ""
    child.stdout!.on("data", (chunk: Buffer) => (out += chunk))
    child.stderr!.on("data", (chunk: Buffer) => (err += chunk))
    child.on("close", (code) => done({ code, out, err }))
  })
  return { child, ended }
}

export const sky = (dist: string, home: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}, cwd?: string): Promise<Ended> =>
  startSky(dist, home, args, env, cwd).ended
