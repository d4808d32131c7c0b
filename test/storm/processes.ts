/** What runs of a storm's folder, by what each process says of itself. */
import { readFileSync } from "node:fs"
import { isAlive, processesOf } from "../e2e/home.ts"

export interface Running {
  readonly pid: number
  readonly is: "daemon" | "agent" | "job" | "other"
  /** Of an agent or a job. */
  readonly node: string
  /** `<cluster>/<job>` of a job's process. */
  readonly job: string
  readonly words: string
}

const read = (pid: number, file: string): ReadonlyArray<string> => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0")
  } catch {
    return []
  }
}

const variable = (environment: ReadonlyArray<string>, name: string) =>
  environment.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1) ?? ""

export const runningIn = (folder: string): ReadonlyArray<Running> =>
  processesOf(folder)
    .map((pid): Running => {
      const [, program = "", first = "", ...rest] = read(pid, "cmdline")
      const environment = read(pid, "environ")
      const words = [program, first, ...rest].join(" ").trim()
      const job = variable(environment, "SKYD_JOB")
      if (job !== "") return { pid, is: "job", node: variable(environment, "SKYD_NODE"), job, words }
      if (program.endsWith("agent.cjs")) return { pid, is: "agent", node: first.split("/").at(-1) ?? "", job, words }
      return { pid, is: program.endsWith("skyd.cjs") && first === "run" ? "daemon" : "other", node: "", job, words }
    })
    .filter(({ pid }) => isAlive(pid))
