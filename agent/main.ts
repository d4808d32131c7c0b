/**
 * The program on every node: `agent.cjs <node folder>`, and on machines elsewhere what starts the agents of all nodes there,
 * `agent.cjs boot <base folder>`, and the daemon's hands and lines, `agent.cjs machine <base folder>`, `agent.cjs receive <base folder>`
 * and `agent.cjs connect <socket>`. Whoever starts an agent may wait for one JSON line on descriptor 3; when 3 was not inherited it is the
 * event loop's own, so only a pipe or a socket counts.
 */
import * as fs from "node:fs"
import { resolve } from "node:path"
import type { AgentReady } from "../sdk/agent/protocol.ts"

const readyFd = 3

const tellStarter = (ready: AgentReady) => {
  try {
    const stat = fs.fstatSync(readyFd)
    if (!stat.isFIFO() && !stat.isSocket()) return
    fs.writeSync(readyFd, `${JSON.stringify(ready)}\n`)
    fs.closeSync(readyFd)
  } catch {
    // Nobody waits.
  }
}

const fail = (cause: unknown) => {
  const error = cause instanceof Error ? cause.message : String(cause)
  console.error(error)
  tellStarter({ ok: false, error })
  process.exit(1)
}

const serve = async (path: string) => {
  const { Agent } = await import("./Agent.ts")
  const folder = resolve(path)
  // Jobs go on without an agent, and the next one adopts them.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0))
  process.on("SIGHUP", () => {})
  process.chdir(folder)
  process.umask(0o022)
  const agent = new Agent(folder)
  for (const event of ["uncaughtException", "unhandledRejection"] as const) process.on(event, (cause: unknown) => agent.crash(cause))
  await agent.listen().catch(fail)
  tellStarter({ ok: true, hello: agent.hello() })
}

const programs: { readonly [name: string]: (path: string) => Promise<void> } = {
  boot: async (base) => (await import("../machine/boot.ts")).boot(base),
  machine: async (base) => (await import("../machine/answer.ts")).answer(base),
  receive: async (base) => (await import("../machine/receive.ts")).receive(base),
  connect: async (socket) => (await import("../machine/connect.ts")).connect(socket)
}

const [first = "", ...rest] = process.argv.slice(2)
const program = programs[first]
if (program !== undefined && rest.length === 1) program(rest[0]!)
else if (program === undefined && first !== "" && rest.length === 0) serve(first).catch(fail)
else {
  console.error("usage: agent.cjs <node folder> | boot <base folder> | machine <base folder> | receive <base folder> | connect <socket>")
  process.exitCode = 2
}
