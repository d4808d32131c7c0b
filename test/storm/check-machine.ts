/** What runs and lies on this machine, held against the log: nothing that it does not know, and all that it calls running. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { jobsOf } from "../../projections/jobs.ts"
import type { Ledger } from "./Ledger.ts"
import { type Running, runningIn } from "./processes.ts"
import type { StormHome } from "./StormHome.ts"

const listed = (folder: string) => (existsSync(folder) ? readdirSync(folder) : [])

const differences = (what: string, expected: ReadonlyArray<string>, found: ReadonlyArray<string>) => [
  ...found.filter((each) => !expected.includes(each)).map((each) => `${what} ${each} is there, and the log does not know it`),
  ...expected.filter((each) => !found.includes(each)).map((each) => `${what} ${each} is missing`)
]

const doubled = (agents: ReadonlyArray<Running>) =>
  agents.filter(({ node }, at) => agents.findIndex((other) => other.node === node) !== at).map(({ node }) => `two agents run on ${node}`)

export const checkMachine = ({ rows, world: { jobs } }: Ledger, home: StormHome): ReadonlyArray<string> => {
  const running = runningIn(home.path)
  const of = (is: Running["is"]) => running.filter((each) => each.is === is)
  const nodes = rows.flatMap((row) => row.nodes)
  const up = nodes.filter(({ ready, state }) => ready && state === "running").map(({ node }) => node as string)
  // One that does not answer yet may run.
  const unsure = nodes.filter(({ ready, state }) => !ready && state !== "stopped").map(({ node }) => node as string)
  const marks = new Set(of("job").map(({ job }) => job))
  const openMarks = rows.flatMap((row) =>
    jobsOf(jobs, row.id)
      .filter(({ status }) => status === "RUNNING")
      .map(({ id }) => `${row.id}/${id}`)
  )
  const agents = of("agent")
    .map(({ node }) => node)
    .filter((node) => !unsure.includes(node))
  return [
    ...differences(
      "folder",
      nodes.map(({ node }) => node),
      listed(join(home.state, "nodes"))
    ),
    ...listed(home.state)
      .filter((name) => name.startsWith("log.found-"))
      .map((name) => `${name} is left`),
    ...listed(join(home.state, "trash")).map((name) => `trash/${name} is left`),
    ...listed(join(home.state, "secrets")).map((name) => `secrets/${name} is left`),
    ...differences("agent of", up, agents),
    ...doubled(of("agent")),
    ...differences("job", openMarks, [...marks]),
    ...(of("daemon").length === 1 ? [] : [`${of("daemon").length} daemons run`]),
    ...of("other").map(({ pid, words }) => `process ${pid} is nobody's: ${words}`)
  ]
}

/** Nothing at all, once everything was taken down and the daemon was stopped. */
export const checkNothingLeft = (home: StormHome): ReadonlyArray<string> => [
  ...["nodes", "trash", "secrets"].flatMap((folder) => listed(join(home.state, folder)).map((name) => `${folder}/${name} is left`)),
  ...listed(join(home.state, "run")).map((name) => `run/${name} is left`),
  ...runningIn(home.path).map(({ pid, words }) => `process ${pid} is left: ${words}`)
]
