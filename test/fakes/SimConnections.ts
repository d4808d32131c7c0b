/**
 * ssh to simulated machines: what the ssh cloud sends there is done, or not, or done without an answer, or done twice. Slow, and as moody
 * as its world says.
 */
import { type Duplex, duplexPair } from "node:stream"
import { Effect, Random } from "effect"
import { Connections } from "../../daemon/remote/Connections.ts"
import { RemoteError } from "../../daemon/remote/RemoteError.ts"
import type { Ran } from "../../daemon/remote/run.ts"
import type { Target } from "../../daemon/remote/Target.ts"
import { connected } from "../../machine/connect.ts"
import { baseName, places } from "../../machine/places.ts"
import type { MachineMethod } from "../../machine/shapes.ts"
import { type SimMachine, strangers } from "./SimMachine.ts"

/** Of a machine that says nothing. */
const silentSeconds = 10

export interface Weather {
  readonly isMoody: () => boolean
  readonly machine: (host: string) => SimMachine
  /** A point that the daemon reaches in the world; it may go no further. */
  readonly reach: (point: string) => Effect.Effect<void>
  /** Called when something was done there, before its answer is on its way. */
  readonly done: (name: string, machine: SimMachine) => void
}

const failed = (kind: RemoteError["kind"], { name }: Target, message: string) => new RemoteError({ kind, machine: name, message })
const said = (text: string): Ran => ({ code: 0, signal: null, stdout: Buffer.from(text), stderr: "", truncated: false })

const strangersLease = JSON.stringify({
  log: "another",
  cluster: "another",
  clusterName: "theirs",
  node: strangers,
  stateFolder: "another"
})

const home = "/home/node"
const at = places(`${home}/${baseName}`)

/** As the script of a look finds it. */
const groundOf = ({ host, lease, nodes }: SimMachine): string => {
  const node = lease === null ? undefined : nodes.get(lease)
  const lines = [
    `home ${home}`,
    "user node",
    `machine ${host}`,
    `kernel ${host}`,
    "os Linux",
    "arch x86_64",
    `link 10.0.0.1 1 ${host} 22`,
    "cpus 4",
    "memory 8388608",
    "node /usr/bin/node",
    "version v24.0.0",
    "agent yes"
  ]
  if (lease !== null) lines.push(`lease ${node === undefined ? strangersLease : JSON.stringify(node.identity)}`)
  if (node !== undefined && node.ended !== null) lines.push("ended yes")
  return [...lines, "end yes", ""].join("\n")
}

/** The other end of `agent.cjs receive`: it wants nothing, and takes all. */
const receiver = (): Duplex => {
  const [ours, theirs] = duplexPair()
  let wants = false
  ours.on("data", (chunk: Buffer) => {
    if (wants) ours.end(`${JSON.stringify({ ok: { files: 0, bytes: 0 } })}\n`)
    else if (chunk.includes(10)) {
      wants = true
      ours.write(`${JSON.stringify({ wants: [] })}\n`)
    }
  })
  ours.on("close", () => theirs.destroy())
  theirs.on("close", () => ours.destroy())
  return theirs
}

export const simConnections = ({ done, isMoody, machine: machineAt, reach }: Weather): Connections["Service"] => {
  const luck = Effect.suspend(() => (isMoody() ? Random.next : Effect.succeed(1)))
  const slow = Effect.suspend(() =>
    isMoody() ? Effect.flatMap(Random.nextIntBetween(0, 3), (s) => Effect.sleep(`${s} seconds`)) : Effect.void
  )

  const arrived = Effect.fn("SimConnections.arrived")(function* (target: Target) {
    const machine = machineAt(target.host)
    if (!machine.isReached) {
      yield* Effect.sleep(`${silentSeconds} seconds`)
      return yield* failed("NoAnswer", target, `no answer from ${target.name}`)
    }
    if (target.hostKey !== null && target.hostKey !== machine.hostKey)
      return yield* failed("HostKeyChanged", target, `the host key of ${target.name} has changed`)
    if ((yield* luck) < 0.08) return yield* failed("ConnectionRefused", target, `connection refused by ${target.name}`)
    return machine
  })

  /** What is asked for is done before its answer is lost. */
  const call = Effect.fn("SimConnections.call")(function* <A>(target: Target, name: string, work: (machine: SimMachine) => A) {
    yield* reach(`ssh.${name}:before`)
    const machine = yield* arrived(target)
    yield* slow
    if (!machine.isReached) return yield* failed("ConnectionLost", target, `${target.name} answers no more`)
    const first = work(machine)
    if ((yield* luck) < 0.05) work(machine)
    done(name, machine)
    yield* reach(`ssh.${name}:after`)
    yield* slow
    if (!machine.isReached || (yield* luck) < 0.1)
      return yield* failed("ConnectionLost", target, `the connection to ${target.name} was lost`)
    return first
  })

  const toAgent = (target: Target, socket: string, why: "NotForwarded" | "CommandFailed") =>
    Effect.flatMap(
      call(target, "connect", (machine) => {
        const agent = [...machine.nodes].find(([node]) => at.socket(node) === socket)?.[1].agent
        return agent?.alive === true ? machine.keep(agent.connect()) : null
      }),
      (stream) => (stream === null ? Effect.fail(failed(why, target, `no agent answers on ${target.name}`)) : Effect.succeed(stream))
    )

  return Connections.of({
    run: (target, _script, { input } = {}) => {
      if (input === undefined) return call(target, "look", (machine) => said(groundOf(machine)))
      const { method, params } = JSON.parse(String(input)) as { readonly method: MachineMethod; readonly params: Record<string, unknown> }
      return call(target, method, (machine) => {
        const answer = machine.answer(method, params)
        // Who has it from now on knows it by the key that was spoken to.
        if (method === "provision" && "ok" in answer && target.hostKey !== null) machine.knownKey = target.hostKey
        return said(`${JSON.stringify(answer)}\n`)
      })
    },
    open: (target, [, , name, argument = ""]) => {
      if (name === "receive") return call(target, "put", (machine) => machine.keep(receiver()))
      // The line says that it stands once somebody listens.
      return Effect.tap(toAgent(target, argument, "CommandFailed"), (stream) =>
        Effect.sync(() => void setImmediate(() => stream.emit("said", `${connected}\n`)))
      )
    },
    dial: (target, path) =>
      Effect.flatMap(luck, (roll) =>
        roll < 0.2
          ? Effect.fail(failed("NotForwarded", target, `${target.name} connects nobody to sockets`))
          : toAgent(target, path, "NotForwarded")
      ),
    hostKey: (target) => Effect.map(arrived(target), ({ hostKey }) => hostKey)
  })
}
