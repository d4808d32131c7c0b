/**
 * A cloud whose machine is reached as one elsewhere is: `agent.cjs machine`, `receive` and `connect` as child processes, and nothing of
 * `machine/` in this process. Over ssh only the way to start the programs is another.
 */
import { spawn } from "node:child_process"
import { Duplex } from "node:stream"
import { Effect } from "effect"
import { type Cloud, CloudError, type NodeRef, type NodeState, type Owned, type Provisioned } from "../../daemon/clouds/Cloud.ts"
import { lacks, misfit, thisMachine } from "../../daemon/clouds/local/offers.ts"
import type { Placed } from "../../daemon/sync/FileList.ts"
import { type SendOptions, send } from "../../daemon/sync/send.ts"
import type { Answer } from "../../machine/answer.ts"
import { connected } from "../../machine/connect.ts"
import { machineError } from "../../machine/MachineError.ts"
import type { MachineMethod, MachineMethods } from "../../machine/shapes.ts"

const transient = (code: string, message: string) => new CloudError({ kind: "Transient", code, message })

/** One question; who gives up on it tells the program. */
export const askMachine = <M extends MachineMethod>(agentPath: string, base: string, method: M, params: MachineMethods[M][0]) =>
  Effect.tryPromise({
    try: async (signal) => {
      const child = spawn(process.execPath, [agentPath, "machine", base], { stdio: ["pipe", "pipe", "inherit"] })
      signal.addEventListener("abort", () => child.kill("SIGTERM"))
      child.stdin.on("error", () => {})
      child.stdin.end(JSON.stringify({ method, params }))
      let said = ""
      for await (const text of child.stdout.setEncoding("utf8")) said += text
      return JSON.parse(said) as Answer<M>
    },
    catch: (error) => transient("NoAnswer", String(error))
  }).pipe(Effect.flatMap((answer) => ("ok" in answer ? Effect.succeed(answer.ok) : new CloudError(answer.error))))

/** A connection over a program's stdio, once that says that it stands. */
export const connectBy = async (agentPath: string, socket: string): Promise<Duplex> => {
  const child = spawn(process.execPath, [agentPath, "connect", socket])
  let said = ""
  for await (const text of child.stderr.setEncoding("utf8")) {
    said += text
    if (said === `${connected}\n`) {
      const line = Duplex.from({ readable: child.stdout, writable: child.stdin })
      line.on("error", () => {})
      return line
    }
  }
  throw transient("NoAgent", said.trim())
}

const putBy = (agentPath: string, base: string, ref: NodeRef, placed: Placed, onProgress?: SendOptions["onProgress"]) =>
  Effect.tryPromise({
    try: (signal) => {
      const { stdin, stdout } = spawn(process.execPath, [agentPath, "receive", base], { stdio: ["pipe", "pipe", "inherit"] })
      return send(Duplex.from({ readable: stdout, writable: stdin }), ref, placed, { signal, ...(onProgress && { onProgress }) })
    },
    catch: (error) => {
      const { code, kind, message } = machineError(error)
      return new CloudError({ kind, code, message })
    }
  }).pipe(Effect.asVoid)

export const programCloud = (agentPath: string, base: string): Cloud => {
  const ask = <M extends MachineMethod>(method: M, params: MachineMethods[M][0]) => askMachine(agentPath, base, method, params)
  return {
    name: "program",
    lackOf: () => null,
    identity: Effect.succeed(null),
    offers: (task) =>
      Effect.sync(() => {
        const offer = thisMachine(null)
        const reason = misfit(offer, task)
        return { offers: reason === null ? [offer] : [], reason, lacks: lacks(task) }
      }),
    provision: ({ tags, token, ranks, offer }) => {
      const seats = ranks.map((rank) => ({ rank, address: `10.0.0.${rank + 1}` }))
      return Effect.map(ask("provision", { tags, token, ranks: seats, offer }), (made) =>
        made.map((one) => ({ ...(one as Provisioned), host: null, hostKey: null }))
      )
    },
    query: (nodes) => Effect.map(ask("query", { nodes }), (found) => found as ReadonlyArray<NodeState>),
    owned: (log) =>
      Effect.map(ask("owned", { log }), ({ owned, unclear }) => ({
        owned: owned.map((one) => {
          const place = { zone: null, address: `10.0.0.${one.rank + 1}`, host: null, hostKey: null }
          return { ...(one as Owned), ...place, offer: thisMachine(null) }
        }),
        unclear
      })),
    start: (ref) => ask("start", ref),
    stop: (ref) => Effect.asVoid(ask("stop", ref)),
    terminate: (ref) => Effect.asVoid(ask("terminate", ref)),
    installAgent: (ref) => ask("installAgent", ref),
    connectAgent: (ref) =>
      Effect.flatMap(ask("agentSocket", ref), ({ socket }) =>
        Effect.tryPromise({ try: () => connectBy(agentPath, socket), catch: (error) => error as CloudError })
      ),
    journalAtRest: (ref) => Effect.orElseSucceed(ask("journalAtRest", ref), () => null),
    put: (ref, placed, onProgress) => Effect.flatMap(placed, (placed) => putBy(agentPath, base, ref, placed, onProgress))
  }
}
