/**
 * A machine behind ssh, in this process and without root: an ssh2 server that runs commands in a home of its own, each in its own process
 * group, and lets itself be used as a jump. What real machines do badly is a knob.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer, type Server as NetServer, type Socket } from "node:net"
import { tmpdir, userInfo } from "node:os"
import { basename, join } from "node:path"
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from "ssh2"
import type { Target } from "../../daemon/remote/Target.ts"
import { bareKey, keyPair, type Pair, targetAt } from "./ssh-keys.ts"

export interface Knobs {
  /** Session channels at once on each connection; the next is refused, as by sshd's MaxSessions. */
  maxSessions: number
  refuseAuth: boolean
  /** Lets in whoever says it. */
  password: string | null
  /** Public keys, `ssh-ed25519 AAAA…`, that are let in. */
  authorized: Array<string>
  firstAnswerDelayMs: number
  /** The login shell of its user. */
  shell: string
  allowForwarding: boolean
  refuseExec: boolean
  /** Says goodbye in one breath with "it has started". */
  leaveAtExec: boolean
  /** To Unix sockets, as OpenSSH does and others do not. */
  allowSockets: boolean
  /** PATH of what runs there. */
  path: string
  /** Its own address, as it sees that we came in by it. */
  reachedAt: string
}

/** It is this machine after all, under a name of its own: what is to be started with it stays its owner's affair. */
const refusing = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "bin-"))
  for (const name of ["crontab", "loginctl"])
    writeFileSync(join(folder, name), "#!/bin/sh\necho 'not on the machine that tests run on' >&2\nexit 1\n", { mode: 0o755 })
  const uname = `#!/bin/sh\nif [ "$1" = -n ]; then echo ${basename(folder)}; else PATH=/usr/bin:/bin exec uname "$@"; fi\n`
  writeFileSync(join(folder, "uname"), uname, { mode: 0o755 })
  return folder
}

const tooManyConnections = 12

export class SshServer {
  home = mkdtempSync(join(tmpdir(), "node-"))
  readonly knobs: Knobs = {
    maxSessions: 10,
    refuseAuth: false,
    password: null,
    authorized: [],
    firstAnswerDelayMs: 0,
    shell: "/bin/sh",
    allowForwarding: true,
    refuseExec: false,
    leaveAtExec: false,
    allowSockets: true,
    path: `${refusing()}:${process.env["PATH"] ?? ""}`,
    reachedAt: ""
  }
  /** What happened, for tests to look at. */
  connections = 0
  sessionsMax = 0
  refusals = 0
  readonly tried: Array<string> = []
  port = 0
  address = "127.0.0.1"
  private hostKeys: ReadonlyArray<Pair>
  private server: ssh2.Server
  private readonly net: NetServer
  private readonly sockets = new Set<Socket>()
  private readonly children = new Set<ChildProcess>()
  private frozen = false
  private ident: string | undefined

  private constructor(hostKeys: ReadonlyArray<Pair>) {
    this.hostKeys = hostKeys
    this.server = this.listenSsh()
    this.net = createServer({ noDelay: true }, (socket) => this.accept(socket))
  }

  /** Lets `authorized` in. */
  static async start(
    authorized: ReadonlyArray<Pair> = [],
    hostKeys: ReadonlyArray<Pair> = [keyPair("host")],
    address = "127.0.0.1"
  ): Promise<SshServer> {
    const own = new SshServer(hostKeys)
    own.address = address
    own.knobs.reachedAt = address.replace(/^127/, "10")
    own.knobs.authorized.push(...authorized.map((pair) => pair.public))
    await new Promise<void>((done) => own.net.listen(0, address, done))
    own.port = (own.net.address() as { port: number }).port
    return own
  }

  get hostKey(): string {
    return bareKey(this.hostKeys[0]!.public)
  }
  target(changes: Partial<Target> = {}): Target {
    return targetAt({ name: "box", host: this.address, port: this.port, user: userInfo().username, hostKey: this.hostKey, ...changes })
  }

  /** From now on it is another machine, for whoever connects. */
  changeHostKey(...hostKeys: ReadonlyArray<Pair>): void {
    this.hostKeys = hostKeys.length > 0 ? hostKeys : [keyPair("another host")]
    this.server = this.listenSsh()
  }
  /** From now on it is another program that answers, by its own word. */
  changeIdent(ident: string): void {
    this.ident = ident
    this.server = this.listenSsh()
  }
  /** Answers nothing any more and breaks nothing off: connections are taken and stay silent. */
  freeze(): void {
    this.frozen = true
    for (const socket of this.sockets) socket.pause()
  }
  thaw(): void {
    this.frozen = false
    for (const socket of this.sockets) socket.resume()
  }
  /** Breaks every connection off. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }
  async stop(): Promise<void> {
    this.cut()
    for (const { pid } of this.children) signalGroup(pid, "SIGKILL")
    await new Promise((done) => this.net.close(done))
    rmSync(this.home, { recursive: true, force: true })
  }

  private accept(socket: Socket): void {
    this.connections++
    this.sockets.add(socket)
    socket.on("error", () => undefined).once("close", () => this.sockets.delete(socket))
    const begin = () => {
      this.server.injectSocket(socket)
      if (this.frozen) socket.pause()
    }
    if (this.frozen) socket.pause()
    else if (this.knobs.firstAnswerDelayMs > 0) setTimeout(begin, this.knobs.firstAnswerDelayMs)
    else begin()
  }

  private listenSsh(): ssh2.Server {
    const config = { hostKeys: this.hostKeys.map((pair) => pair.private), ...(this.ident === undefined ? {} : { ident: this.ident }) }
    return new ssh2.Server(config, (client) => this.serve(client))
  }

  private serve(client: Connection): void {
    let sessions = 0
    client.on("error", () => undefined)
    client.on("authentication", (context) => {
      this.tried.push(context.method)
      if (this.lets(context)) context.accept()
      else context.reject(this.knobs.password === null ? ["publickey"] : ["publickey", "password"])
    })
    client.on("session", (accept, reject) => {
      if (sessions >= this.knobs.maxSessions) {
        this.refusals++
        return reject()
      }
      sessions++
      this.sessionsMax = Math.max(this.sessionsMax, sessions)
      this.runIn(client, accept(), () => {
        sessions--
      })
    })
    client.on("tcpip", (accept, reject, { destIP, destPort }) => {
      if (this.knobs.allowForwarding) forward(connect({ host: destIP, port: destPort, noDelay: true }), accept, reject)
      else reject()
    })
    // ssh2's server says that it is not allowed where nobody listens to this.
    if (this.knobs.allowSockets)
      client.on("openssh.streamlocal", (accept, reject, { socketPath }) => forward(connect({ path: socketPath }), accept, reject))
  }

  private lets(context: AuthContext): boolean {
    if (this.knobs.refuseAuth) return false
    if (context.method === "password") return context.password === this.knobs.password
    if (context.method !== "publickey") return false
    const { blob, hashAlgo, key, signature } = context
    const keys = this.knobs.authorized
      .map((line) => ssh2.utils.parseKey(line))
      .filter((one): one is ssh2.ParsedKey => !(one instanceof Error))
    const known = keys.find((one) => one.getPublicSSH().equals(key.data))
    // Without a signature it is asked whether the key would do.
    return known !== undefined && (signature === undefined || blob === undefined || known.verify(blob, signature, hashAlgo))
  }

  private runIn(client: Connection, session: Session, over: () => void): void {
    let child: ChildProcess | undefined
    session.once("exec", (accept, reject, { command }) => {
      if (this.knobs.refuseExec) reject()
      else if (this.knobs.leaveAtExec)
        this.inOneBreath(
          () => void accept(),
          () => leave(client)
        )
      else child = this.spawn(command, accept(), over)
    })
    session.on("signal", (accept, _reject, { name }) => {
      accept?.()
      signalGroup(child?.pid, `SIG${name}`)
    })
    // ssh2 would hear no signal once stdin has ended; sshd does.
    session.once("eof", () => {
      ;(session as unknown as { _ending: boolean })._ending = false
    })
    session.once("close", () => {
      if (child === undefined) over()
    })
  }

  private inOneBreath(...steps: ReadonlyArray<() => void>): void {
    for (const socket of this.sockets) socket.cork()
    for (const step of steps) step()
    for (const socket of this.sockets) socket.uncork()
  }

  private spawn(command: string, channel: ServerChannel, over: () => void): ChildProcess {
    const { path, reachedAt, shell } = this.knobs
    const link = `127.0.0.1 1 ${reachedAt} ${this.port}`
    const env = { HOME: this.home, PATH: path, USER: userInfo().username, SHELL: shell, SSH_CONNECTION: link }
    const child = spawn(shell, ["-c", command], { cwd: this.home, env, detached: true, stdio: "pipe" })
    this.children.add(child)
    channel.on("error", () => undefined)
    child.stdin.on("error", () => undefined)
    channel.pipe(child.stdin)
    child.stdout.pipe(channel, { end: false })
    child.stderr.pipe(channel.stderr, { end: false })
    child.once("exit", over)
    child.once("close", (code, signal) => {
      this.children.delete(child)
      if (signal === null) channel.exit(code ?? 1)
      else channel.exit(signal.slice(3))
      channel.end()
    })
    return child
  }
}

/** For a reason: its own word is that all is well. */
const leave = (client: Connection) =>
  (client as unknown as { readonly _protocol: { readonly disconnect: (reason: number) => void } })._protocol.disconnect(tooManyConnections)

const forward = (socket: Socket, accept: () => ServerChannel, reject: () => void) => {
  socket.once("error", reject)
  socket.once("connect", () => {
    const channel = accept()
    channel.on("error", () => undefined).once("close", () => socket.destroy())
    socket.on("error", () => undefined).once("close", () => channel.close())
    channel.pipe(socket).pipe(channel)
  })
}

const signalGroup = (pid: number | undefined, name: string): void => {
  try {
    if (pid !== undefined) process.kill(-pid, name as NodeJS.Signals)
  } catch {
    // It has ended already.
  }
}
