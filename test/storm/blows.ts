/** kill -9, of whoever is there to be hit; and what befalls machines. */
import type { ChildProcess } from "node:child_process"
import { eventually, isAlive, kill } from "../e2e/home.ts"
import type { Blow } from "./deeds.ts"
import { type Running, runningIn } from "./processes.ts"
import type { MachineFate } from "./Rack.ts"
import type { StormHome } from "./StormHome.ts"

const one = <A>(from: ReadonlyArray<A>, which: number): ReadonlyArray<A> => from.slice(Math.floor(which * from.length)).slice(0, 1)

/** Those that the blow is for; the daemon, or anybody, where there are none. */
const victims = (
  at: Exclude<Blow["at"], MachineFate>,
  which: number,
  running: ReadonlyArray<Running>,
  programs: ReadonlyArray<number>
): ReadonlyArray<number> => {
  const pids = (is: Running["is"]) => running.filter((each) => each.is === is).map(({ pid }) => pid)
  const daemons = pids("daemon")
  const agents = pids("agent")
  const meant = {
    daemon: daemons,
    agent: one(agents, which),
    agents,
    client: one(programs, which),
    "daemon and agent": [...daemons, ...one(agents, which)],
    all: [...daemons, ...agents, ...programs]
  }[at]
  return meant.length > 0 ? meant : daemons.length > 0 ? daemons : one([...agents, ...programs], which)
}

/** Whether somebody was hit. */
export const strike = async (home: StormHome, blow: Blow, alive: ReadonlySet<ChildProcess>): Promise<boolean> => {
  const { at, forMs, which } = blow
  if (at === "connections" || at === "cut" || at === "power") {
    const done = home.rack!.strike(which, at, forMs)
    if (done !== null) home.tell(done)
    return done !== null
  }
  const running = runningIn(home)
  const programs = [...alive].flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
  const hit = victims(at, which, running, programs)
  if (hit.length === 0) return false
  const named = hit.map((pid) => {
    const { is = "client", node = "" } = running.find((each) => each.pid === pid) ?? {}
    return `${is === "other" ? "client" : is} ${pid}${node === "" ? "" : ` of ${node.slice(-6)}`}`
  })
  home.tell(`kill -9 ${named.join(", ")}`)
  for (const pid of hit) kill(pid)
  await eventually(() => !hit.some(isAlive))
  return true
}
