/**
 * Connecting: the way there, the machine's key, the login. Each step has its time, and what goes wrong in it is told in words for people.
 */
import { setTimeout as pause } from "node:timers/promises"
import type { AuthHandlerMiddleware, Client } from "ssh2"
import { Connection } from "./Connection.ts"
import { type HostKeyCheck, hostKeyCheck, keyText } from "./host-key.ts"
import { gathered, lighten } from "./inside-ssh2.ts"
import { loadSsh2 } from "./load-ssh2.ts"
import { denied, type Login, prepareLogin } from "./login.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import { type JumpTo, networkError, noAnswer, openRoute, type Route } from "./route.ts"
import { called, type Target } from "./Target.ts"

export interface ConnectOptions {
  /** For each of: the way there (which has less), the keys' exchange, the login. */
  readonly timeoutMs?: number
  /** A link that is dead for so long is found dead. */
  readonly deadAfterMs?: number
  /** How a jump host is come by: shared with others, or (none given) connected for this one alone. */
  readonly jumpTo?: JumpTo
}

const stepMaxMs = 10_000
/** With what follows it makes the time to the fact that a node does not answer: 15 s at most. */
const deadAfterMsUsual = 8_000
/** A third try of TCP's is heard by then. */
const wayMaxMs = 5_000
/** A probe each third of that time; two that are not answered are borne. */
const probes = 3
/** Of what stands in for ssh's own greeting. */
const saidMaxChars = 100
/** A server that has enough of logins under way turns others away at the door: a bastion that many machines are behind, say. */
const doorTries = 4
const doorMs = 200
const busyWords = /MaxStartups|not allowed at this time|(reset|closed) by|exchange_identification/i

export const connect = async (target: Target, options: ConnectOptions = {}): Promise<Connection> => {
  const [check, login] = await Promise.all([hostKeyCheck(target), prepareLogin(target)])
  if (login.ways.length === 0) throw denied(target, login, [], [])
  for (let n = 1; ; n++) {
    const tried = new Tries(login)
    try {
      return await connectOnce(target, check, tried, options)
    } catch (error) {
      if (n === doorTries || !tried.isTurnedAway(error)) throw error
      // Not all of them at the same moment again.
      await pause(doorMs * 2 ** n * (0.5 + Math.random()))
    }
  }
}

const connectOnce = async (target: Target, check: HostKeyCheck, tried: Tries, options: ConnectOptions): Promise<Connection> => {
  const { timeoutMs = stepMaxMs } = options
  let own: Connection | undefined
  const jumpTo = options.jumpTo ?? (async (jump) => (own = await connect(jump, options)))
  try {
    const route = await openRoute(target, jumpTo, Math.min(timeoutMs, wayMaxMs))
    const connection = await logIn(target, route, check, tried, options)
    connection.whenClosed(() => own?.close())
    return connection
  } catch (error) {
    own?.close()
    throw error
  }
}

const logIn = async (target: Target, route: Route, check: HostKeyCheck, tried: Tries, options: ConnectOptions): Promise<Connection> => {
  const { Client } = await loadSsh2()
  const { deadAfterMs = deadAfterMsUsual, timeoutMs = stepMaxMs } = options
  const client = new Client()
  return new Promise((resolve, reject) => {
    tried.isAtDoor = true
    let hostKey = ""
    let wrongKey: RemoteError | null = null
    let step = "no answer"
    let timer: NodeJS.Timeout | undefined
    const next = (now: string) => {
      clearTimeout(timer)
      step = now
      timer = setTimeout(() => fail(noAnswer(target, timeoutMs, step)), timeoutMs)
    }
    const fail = (error: RemoteError) => {
      clearTimeout(timer)
      client.removeAllListeners().on("error", () => undefined)
      client.destroy()
      route.end()
      reject(error)
    }
    const broken = (error: Error) => {
      if (wrongKey !== null) return fail(wrongKey)
      // An agent that signs nothing, say: the next key is tried.
      if (isAside(error)) return tried.note(error)
      // What a proxy command said comes a moment after its end.
      void route.lastWords().then((words) => fail(inWords(target, words, error, tried)))
    }
    client
      .on("error", broken)
      .on("end", () => broken(new Error("closed")))
      .on("close", () => broken(new Error("closed")))
      .on("handshake", () => next("no answer to the login"))
      .on("ready", () => {
        clearTimeout(timer)
        client.removeAllListeners()
        lighten(client, route)
        resolve(new Connection(target, hostKey, client, route))
      })
    next("no answer")
    client.connect({
      sock: gathered(route.stream) as never,
      username: target.user,
      readyTimeout: 0,
      // By its word for itself ssh2 would ask no other server than OpenSSH for a socket; whether it makes one, each says when it is asked.
      strictVendor: false,
      keepaliveInterval: deadAfterMs / probes,
      keepaliveCountMax: probes - 1,
      algorithms: { serverHostKey: check.algorithms },
      hostVerifier: (blob: Buffer) => {
        hostKey = keyText(blob)
        wrongKey = check.verdict(hostKey)
        return wrongKey === null
      },
      authHandler: tried.handler as AuthHandlerMiddleware
    } satisfies Parameters<Client["connect"]>[0])
    // After ssh2 has stopped the stream, which it lets flow when it listens itself.
    route.stream.once("data", (chunk: Buffer) => {
      tried.greeting = chunk.toString("latin1")
    })
  })
}

/** What was offered and refused so far. */
class Tries {
  readonly words: Array<string> = []
  /** First of all that the machine said. */
  greeting = ""
  methods: ReadonlyArray<string> = []
  /** The way there is no trouble. */
  isAtDoor = false
  readonly login: Login
  private at = 0

  constructor(login: Login) {
    this.login = login
  }

  /** By a server that has not begun to speak with us: later it may. */
  isTurnedAway(error: unknown): boolean {
    const { kind, message } = error as RemoteError
    if (!this.isAtDoor || this.words.length > 0 || !(kind === "ConnectionLost" || kind === "ProxyFailed")) return false
    return (this.greeting === "" && kind === "ConnectionLost") || busyWords.test(message)
  }

  note(error: Error): void {
    const last = this.words.pop()
    if (last !== undefined) this.words.push(`${last} (${error.message})`)
  }

  /** The next way that the server has not ruled out; it says so from its first refusal on. */
  readonly handler = (left: ReadonlyArray<string> | null): unknown => {
    this.methods = left ?? this.methods
    const way = this.login.ways.slice(this.at).find(({ method }) => left === null || left.includes(method))
    if (way === undefined) return false
    this.at = this.login.ways.indexOf(way) + 1
    this.words.push(way.words)
    return way.auth
  }
}

const levelOf = (error: Error) => (error as { readonly level?: string }).level
const isAside = (error: Error) => levelOf(error) === "agent" || (levelOf(error) === "client-authentication" && /sign/.test(error.message))

const inWords = (target: Target, proxy: string | null, error: Error, { greeting, login, methods, words }: Tries): RemoteError => {
  if ((error as { readonly _tag?: string })._tag === "RemoteError") return error as RemoteError
  const where = called(target)
  if (levelOf(error) === "client-authentication" || /too many authentication failures/i.test(error.message))
    return denied(target, login, words, methods)
  if (levelOf(error) === "handshake") return remoteError("NotSsh", target, `${where} and we find no common ground: ${error.message}`)
  if (proxy !== null) return remoteError("ProxyFailed", target, `the proxy command of ${target.name} failed: ${proxy}`)
  // A server that is too busy says so in plain text, and so does what is none.
  const [said] = greeting.startsWith("SSH-") ? [""] : greeting.split(/[\r\n]/)
  const isBroken = (error as NodeJS.ErrnoException).syscall !== undefined
  if (isBroken && !said) return networkError(target, error)
  const isClosed = /closed|lost/i.test(error.message)
  if (!isClosed && !isBroken && words.length === 0)
    return remoteError("NotSsh", target, `what answers at ${where} does not speak ssh as we do: ${error.message}`)
  const why = said ? `: it said '${said.replaceAll(/[^ -~]/g, "?").slice(0, saidMaxChars)}'` : isClosed ? "" : `: ${error.message}`
  return remoteError("ConnectionLost", target, `${where} closed the connection ${words.length === 0 ? "before" : "during"} the login${why}`)
}
