/** What two clients of a seeded world ask for, at random. */
import { Effect, Random } from "effect"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import type { SimDaemon } from "./SimDaemon.ts"

export const seeds = Number(process.env["SIM_SEEDS"] ?? 100)
export const first = Number(process.env["SIM_FIRST"] ?? 0)
export const steps = Number(process.env["SIM_STEPS"] ?? 25)
const names = ["a", "b", "c"]

export const pick = <A>(from: ReadonlyArray<A>) => Effect.map(Random.nextIntBetween(0, from.length - 1), (i) => from[i]!)

const task = Effect.gen(function* () {
  const run = `${yield* Random.nextIntBetween(0, 20)} ${yield* pick(["0", "0", "3"])}`
  const setup = (yield* Random.nextBoolean) ? { setup: yield* pick(["0", "0", "5"]) } : {}
  const workdir = (yield* Random.nextBoolean) ? { workdir: "/w" } : {}
  const mounts = (yield* Random.nextBoolean) ? { file_mounts: { "~/m": "/m", "~/n": "/n" } } : {}
  const ports = (yield* Random.next) < 0.3 ? { resources: { ports: yield* pick([8080, "8080-8082", 9000]) } } : {}
  return { run, ...setup, ...workdir, ...mounts, ...ports }
})

/** `mayPurge`: what is dropped so comes to its end all the same. */
const request = Effect.fn("request")(function* (mayPurge: boolean) {
  const clusterName = yield* pick(names)
  const method = yield* pick<CommandName>([
    "launch",
    "launch",
    "launch",
    "exec",
    "exec",
    "exec",
    "stop",
    "start",
    "down",
    "cancel",
    "autostop"
  ])
  if (method === "launch") {
    const idle = (yield* Random.nextBoolean) ? { idleMinutesToAutostop: 5, down: yield* Random.nextBoolean } : {}
    return { method, params: { clusterName, task: { ...(yield* task), num_nodes: yield* Random.nextIntBetween(1, 3) }, ...idle } }
  }
  if (method === "exec") return { method, params: { clusterName, task: yield* task } }
  if (method === "cancel") return { method, params: { clusterName, all: true } }
  if (method === "autostop") return { method, params: { clusterName, idleMinutes: yield* Random.nextIntBetween(-1, 10) } }
  return { method, params: { clusterName, ...(method === "down" && mayPurge && (yield* Random.nextBoolean) ? { purge: true } : {}) } }
})

export interface Sent {
  readonly id: string
  readonly method: CommandName
  readonly params: object
}

/** Two clients at once; now and then one says again what it said before. */
export const askAtRandom = Effect.fn("askAtRandom")(function* (daemon: SimDaemon, sent: Array<Sent>, n: number, mayPurge = false) {
  for (const client of ["x", "y"]) {
    const fresh = { id: `${client}${n}`, ...(yield* request(mayPurge)) }
    const next = sent.length > 0 && (yield* Random.next) < 0.15 ? yield* pick(sent) : fresh
    sent.push(next)
    yield* Effect.forkDetach(daemon.send(next.method, next.id, next.params), { startImmediately: true })
  }
})
