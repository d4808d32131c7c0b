/** The way to a machine's ssh port: straight over TCP, through a jump host, or by the user's own proxy command. */
import { spawn } from "node:child_process"
import { connect } from "node:net"
import { Duplex } from "node:stream"
import { setTimeout as pause } from "node:timers/promises"
import type { Connection } from "./Connection.ts"
import type { WayOut } from "./light-gcm.ts"
import { type Kind, RemoteError, remoteError } from "./RemoteError.ts"
import { address, called, type Target } from "./Target.ts"

export interface Route extends WayOut {
  /** What the proxy command said of its end, once the stream has ended; null for other ways. */
  readonly lastWords: () => Promise<string | null>
  readonly end: () => void
}

export type JumpTo = (target: Target) => Promise<Connection>

const saidMaxChars = 2000
const lastWordsMaxMs = 500
const endedWell = "ended"
const seconds = (ms: number) => `${ms / 1000} s`

/** In words for people; `code` is Node's. */
export const networkError = (target: Target, error: Error): RemoteError => {
  const { code = "", errors } = error as NodeJS.ErrnoException & { readonly errors?: ReadonlyArray<NodeJS.ErrnoException> }
  // One host with several addresses: the first says it.
  const first = code || errors?.[0]?.code || ""
  const [kind, words] =
    networkWords(target, first) ?? (["ConnectionLost", `the connection to ${called(target)} failed: ${error.message}`] as const)
  return remoteError(kind, target, words)
}

const networkWords = (target: Target, code: string): readonly [Kind, string] | undefined => {
  const where = called(target)
  switch (code) {
    case "ECONNREFUSED":
      return ["ConnectionRefused", `connection refused by ${where}: nothing listens there`]
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return ["NoRoute", `no route to ${where}`]
    case "ETIMEDOUT":
      return ["NoAnswer", `no answer from ${where}`]
    case "ENOTFOUND":
      return ["NameUnknown", `the name ${target.host} does not resolve`]
    case "EAI_AGAIN":
      return ["NoRoute", `the name ${target.host} cannot be looked up at the moment: no name server answers`]
    case "ECONNRESET":
    case "EPIPE":
      return ["ConnectionLost", `the connection to ${where} was reset`]
  }
  return undefined
}

export const noAnswer = (target: Target, ms: number, what = "no answer"): RemoteError =>
  remoteError("NoAnswer", target, `${what} from ${called(target)} within ${seconds(ms)}`)

const direct = (target: Target, timeoutMs: number): Promise<Route> =>
  new Promise((resolve, reject) => {
    const stream = connect({ host: target.host, port: target.port, noDelay: true })
    const timer = setTimeout(() => {
      stream.destroy()
      reject(noAnswer(target, timeoutMs))
    }, timeoutMs)
    const failed = (error: Error) => {
      clearTimeout(timer)
      reject(networkError(target, error))
    }
    stream.once("error", failed).once("connect", () => {
      clearTimeout(timer)
      stream.off("error", failed)
      resolve({ stream, keepsNothing: true, lastWords: async () => null, end: () => stream.destroy() })
    })
  })

const throughJump = async (target: Target, jump: Connection, timeoutMs: number): Promise<Route> => {
  const giveUp = new AbortController()
  const timer = setTimeout(() => giveUp.abort(noAnswer(target, timeoutMs)), timeoutMs)
  const stream = await jump
    .forward(target.host, target.port, giveUp.signal)
    .catch((error: Error) => {
      if (error instanceof RemoteError) throw error
      const words = error.message.replace(/^\(SSH\) Channel open failure: /, "") || "it gives no reason"
      throw remoteError("ProxyFailed", target, `${jump.target.name} does not let us through to ${address(target)}: ${words}`)
    })
    .finally(() => clearTimeout(timer))
  // A jump that is lost takes the stream with it, which ssh2 alone would not tell.
  const forget = jump.whenClosed((error) => stream.emit("error", error))
  stream.once("close", forget)
  return { stream, keepsNothing: true, lastWords: async () => null, end: () => stream.destroy() }
}

/** Of a host or a user that stands in a command for a shell: nothing that a shell would read otherwise. */
const plain = /^[\w.:%@[\]][\w.:%@[\]-]*$/

export const proxyCommandOf = (target: Target): string => {
  const tokens: Readonly<Record<string, string>> = { h: target.host, n: target.name, r: target.user, p: String(target.port), "%": "%" }
  return target.proxyCommand!.replaceAll(/%(.)/g, (whole, token: string) => {
    const value = tokens[token]
    if (value !== undefined && !plain.test(value))
      throw remoteError(
        "BadTarget",
        target,
        `'${value}' cannot stand in the proxy command of ${target.name}: it holds characters that a shell reads`
      )
    return value ?? whole
  })
}

/** What ends the proxy commands that run: none outlives us. */
const ends = new Set<() => void>()
process.once("exit", () => {
  for (const end of ends) end()
})

const byCommand = (target: Target): Route => {
  const child = spawn("/bin/sh", ["-c", `exec ${proxyCommandOf(target)}`], { detached: true, stdio: "pipe" })
  let said = ""
  let ended: string | null = null
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-saidMaxChars)
  })
  child.once("error", (error) => {
    ended = error.message
  })
  child.once("exit", (code, signal) => {
    ends.delete(end)
    ended = code === 0 ? endedWell : signal === null ? `ended with ${code}` : `was ended by ${signal}`
  })
  const end = () => {
    try {
      if (child.pid !== undefined && ended === null) process.kill(-child.pid, "SIGTERM")
    } catch {
      // It has ended already.
    }
  }
  ends.add(end)
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  stream.once("close", end)
  const over = new Promise<void>((done) => child.once("close", () => done()).once("error", () => done()))
  const lastWords = async () => {
    await Promise.race([over, pause(lastWordsMaxMs, undefined, { ref: false })])
    // One that ended well and silently led to a machine that closed the connection.
    return said === "" && ended === endedWell ? null : [said.trim(), ended].filter(Boolean).join("; it ") || null
  }
  // Made of two streams, it says so at once.
  return { stream, keepsNothing: false, lastWords, end: () => stream.destroy() }
}

export const openRoute = async (target: Target, jumpTo: JumpTo, timeoutMs: number): Promise<Route> => {
  const { proxyJump } = target
  if (proxyJump !== null) {
    const jump = await jumpTo(proxyJump).catch((error: Error) => {
      throw error instanceof RemoteError ? remoteError(error.kind, target, `its jump host is not reached: ${error.message}`) : error
    })
    return throughJump(target, jump, timeoutMs)
  }
  return target.proxyCommand === null ? direct(target, timeoutMs) : byCommand(target)
}
