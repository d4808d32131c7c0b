/**
 * `agent.cjs connect <socket>`: stdin and stdout become a connection to the agent that listens there, until either side ends. The first
 * line on stderr is `connected`, or says why not.
 */
import { createConnection } from "node:net"
import { basename, dirname } from "node:path"
import { isNobody } from "./errno.ts"

export const connected = "connected"

/** An agent that does not end the connection when we have. */
const lingerMs = 1_000

export const connect = (path: string): void => {
  const { stdin, stdout, stderr } = process
  const fail = (error: NodeJS.ErrnoException) => {
    const why = isNobody(error) ? `no agent listens on ${path}` : `no connection to ${path}`
    stderr.write(`${why}: ${error.message}\n`, () => process.exit(1))
  }
  stderr.on("error", () => {})
  try {
    // From there on its name is short: a path that is too long for a socket does not matter.
    process.chdir(dirname(path))
  } catch (error) {
    fail(error as NodeJS.ErrnoException)
    return
  }
  const socket = createConnection(basename(path))
  socket.once("error", fail)
  socket.once("connect", () => {
    socket.off("error", fail)
    socket.on("error", () => {})
    stderr.write(`${connected}\n`)
    stdin.pipe(socket).pipe(stdout)
    stdin.on("error", () => socket.destroy())
    stdin.on("end", () => setTimeout(() => socket.destroy(), lingerMs))
    stdout.on("error", () => process.exit(0))
    // What was read from the agent leaves first.
    socket.on("close", () => stdout.write("", () => process.exit(0)))
  })
}
