/** What a storm has started and still runs, by what each process says of itself. */
import { readFileSync } from "node:fs"
import { isAlive } from "../e2e/home.ts"
import type { StormHome } from "./StormHome.ts"

export interface Running {
  readonly pid: number
  /** A link: by which a head reaches a worker. */
  readonly is: "daemon" | "agent" | "job" | "link" | "other"
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

/** In the place of a job's: agents end what has it. */
const linkMark = "ssh"
/** Of a machine's own: its server, its shells. */
const isForeign = (words: string) => !/\.skyd-node|skyd/.test(words)

const classify = (pid: number): Running | null => {
  const [first = "", program = "", argument = "", ...rest] = read(pid, "cmdline")
  const environment = read(pid, "environ")
  const words = [first, program, argument, ...rest].join(" ").trim()
  const is = (what: Running["is"], node = "", job = ""): Running => ({ pid, is: what, node, job, words })
  const job = variable(environment, "SKYD_JOB")
  if (job === linkMark) return is("link")
  if (job !== "") return is("job", variable(environment, "SKYD_NODE"), job)
  if (/agent(\/[0-9a-f]+)?\.cjs$/.test(program) && argument.startsWith("/")) return is("agent", argument.split("/").at(-1))
  if (/skyd\.cjs run /.test(words)) return is("daemon")
  if (/^ssh\b/.test(first) || argument === "connect") return isForeign(words) ? null : is("link")
  return isForeign([words, ...environment].join(" ")) ? null : is("other")
}

export const runningIn = (home: StormHome): ReadonlyArray<Running> =>
  home
    .processes()
    .flatMap((pid) => classify(pid) ?? [])
    .filter(({ pid }) => isAlive(pid))
