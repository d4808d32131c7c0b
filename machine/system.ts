/** Programs of the system that are told what to do or to say: in English, and within a time. */
import { spawn } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"

const answerMaxMs = 10_000
const outputMaxBytes = 1024 * 1024

interface Said {
  /** Null: there is no such program, or it did not end. */
  readonly code: number | null
  readonly out: string
  /** The first line of what it complained of. */
  readonly why: string
}

const firstLine = (text: string) => text.split("\n").find((line) => line.trim() !== "") ?? ""

/** Every byte stays: `latin1`, both ways. */
export const tell = (program: string, args: ReadonlyArray<string>, input = "", env: Readonly<Record<string, string>> = {}): Promise<Said> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...process.env, ...env, LC_ALL: "C" }, timeout: answerMaxMs, killSignal: "SIGKILL" })
    let [out, err] = ["", ""]
    child.stdout.setEncoding("latin1").on("data", (text: string) => (out = (out + text).slice(0, outputMaxBytes)))
    child.stderr.setEncoding("latin1").on("data", (text: string) => (err = (err + text).slice(0, outputMaxBytes)))
    child.once("error", (error: NodeJS.ErrnoException) =>
      resolve({ code: null, out: "", why: error.code === "ENOENT" ? `there is no ${program}` : error.message })
    )
    child.once("close", (code) => resolve({ code, out, why: firstLine(err) || `${program} ended with ${code ?? "a signal"}` }))
    child.stdin.on("error", () => {}).end(input, "latin1")
  })

/** Whether a program of one of these names runs here, whoever's it is. */
export const runs = async (names: ReadonlyArray<string>): Promise<boolean> => {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")))
  return found.some((name) => names.includes(name.trim()))
}
