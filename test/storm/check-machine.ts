/** What runs and lies on the machines of nodes, held against the log: nothing that it does not know, and all that it calls running. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { jobsOf } from "../../projections/jobs.ts"
import type { Ledger } from "./Ledger.ts"
import { type Running, runningIn } from "./processes.ts"
import type { StormHome } from "./StormHome.ts"

const inState = ({ state }: StormHome, folder = ".") => {
  const path = join(state, folder)
  return existsSync(path) ? readdirSync(path) : []
}

const differences = (what: string, expected: ReadonlyArray<string>, found: ReadonlyArray<string>) => [
  ...found.filter((each) => !expected.includes(each)).map((each) => `${what} ${each} is there, and the log does not know it`),
  ...expected.filter((each) => !found.includes(each)).map((each) => `${what} ${each} is missing`)
]

const doubled = (agents: ReadonlyArray<Running>) =>
  agents.filter(({ node }, at) => agents.findIndex((other) => other.node === node) !== at).map(({ node }) => `two agents run on ${node}`)

export const checkMachine = ({ rows, world: { jobs } }: Ledger, home: StormHome): ReadonlyArray<string> => {
  const running = runningIn(home)
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
      home.listed("nodes")
    ),
    ...(home.rack === null
      ? []
      : differences(
          "lease",
          nodes.map(({ node }) => node),
          home.listed("lease")
        )),
    ...inState(home)
      .filter((name) => name.startsWith("log.found-"))
      .map((name) => `${name} is left`),
    ...home.listed("trash").map((name) => `trash/${name} is left`),
    ...inState(home, "secrets").map((name) => `secrets/${name} is left`),
    ...differences("agent of", up, agents),
    ...doubled(of("agent")),
    ...differences("job", openMarks, [...marks]),
    ...(of("daemon").length === 1 ? [] : [`${of("daemon").length} daemons run`]),
    ...of("other").map(({ pid, words }) => `process ${pid} is nobody's: ${words}`)
  ]
}

/** Nothing at all, once everything was taken down and the daemon was stopped. */
export const checkNothingLeft = (home: StormHome): ReadonlyArray<string> => [
  ...["nodes", "trash", "run", "lease"].flatMap((folder) => home.listed(folder).map((name) => `${folder}/${name} is left`)),
  ...["run", "secrets"].flatMap((folder) => inState(home, folder).map((name) => `${folder}/${name} is left`)),
  ...(home.rack?.letIn() ?? []).map((line) => `a head is let in still: ${line}`),
  ...runningIn(home).map(({ pid, words }) => `process ${pid} is left: ${words}`)
]
