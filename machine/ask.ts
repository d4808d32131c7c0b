/** One question to an agent over its socket, on a connection of its own. For the daemon's long talk with it see `connectAgent`. */
import { createConnection, type Socket } from "node:net"
import type { NodeIdentity } from "../sdk/agent/node-folder.ts"
import type { AgentHello, AgentMethods } from "../sdk/agent/protocol.ts"
import { isNobody } from "./errno.ts"
import { transient } from "./MachineError.ts"

const helloTimeoutMs = 5_000
const answerMaxBytes = 1024 * 1024

/** The socket once it is connected. It keeps a listener for errors, so that one in between does not end the program. */
export const connect = (path: string, signal?: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ path, ...(signal && { signal }) })
    socket.on("error", (error: NodeJS.ErrnoException) =>
      reject(transient(error.code ?? "NoAgent", `No agent answers on ${path}: ${error.message}`))
    )
    socket.once("connect", () => resolve(socket))
  })

interface Answer {
  readonly type: string
  readonly data: {
    readonly id: string | number | null
    readonly value?: unknown
    readonly error?: { readonly tag: string; readonly message: string }
  }
}

const read = (socket: Socket, method: string) =>
  new Promise<unknown>((resolve, reject) => {
    let text = ""
    const take = (line: string) => {
      const { type, data } = JSON.parse(line) as Answer
      if (type === "result" && data.id === 1) resolve(data.value)
      if (type === "failure")
        reject(transient(data.error?.tag ?? "AgentFailed", `The agent did not do '${method}': ${data.error?.message}`))
    }
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (text + chunk).split("\n")
      text = lines.pop() ?? ""
      try {
        for (const line of lines.filter((line) => line.trim() !== "")) take(line)
      } catch (error) {
        reject(transient("NoSense", `What answers '${method}' is no agent: ${(error as Error).message}`))
      }
      if (text.length > answerMaxBytes) socket.destroy()
    })
    socket.once("close", () => reject(transient("Closed", `The agent closed the connection before it answered '${method}'.`)))
  })

export const ask = async <M extends keyof AgentMethods>(
  path: string,
  method: M,
  params: AgentMethods[M][0],
  timeoutMs: number,
  signal?: AbortSignal
): Promise<AgentMethods[M][1]> => {
  const socket = await connect(path, signal)
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(transient("Silent", `The agent did not answer '${method}' within ${timeoutMs / 1000} s.`)), timeoutMs)
  })
  try {
    socket.write(`${JSON.stringify({ type: "request", data: { id: 1, method, params } })}\n`)
    return (await Promise.race([read(socket, method), silence])) as AgentMethods[M][1]
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

/** Who listens on the node's socket; null when nobody does. Someone else's agent there is an error. */
export const greet = async (path: string, { cluster, node }: NodeIdentity, signal?: AbortSignal): Promise<AgentHello | null> => {
  try {
    return await ask(path, "hello", { cluster, node }, helloTimeoutMs, signal)
  } catch (error) {
    if (isNobody(error)) return null
    throw error
  }
}
