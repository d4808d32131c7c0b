/** `agent.cjs boot <base folder>`: the machine has started, and so do the agents of the nodes on it that run on after that. */
import { resolve } from "node:path"
import { thisMachine } from "./answer.ts"

export const boot = async (base: string): Promise<void> => {
  const machine = await thisMachine(resolve(base))
  const { signal } = new AbortController()
  const { owned } = await machine.owned({ log: null }, signal)
  const started = await Promise.allSettled(
    owned.filter(({ state }) => state === "running").map((node) => machine.installAgent(node, signal))
  )
  const failed = started.filter((one) => one.status === "rejected")
  for (const { reason } of failed) console.error(reason instanceof Error ? reason.message : reason)
  process.exit(failed.length === 0 ? 0 : 1)
}
