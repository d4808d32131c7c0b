/**
 * The head's way to workers on other machines: the stdio of this machine's own OpenSSH client, one child per connection. What runs there
 * is not ours to choose: the worker's `authorized_keys` ties the head's key to `agent.cjs connect <its socket>`, which says `connected`
 * on stderr first. The link's client is the master through which further connections to the same worker go; it is a child like the
 * others, so nothing of it stays. Files are named from the node's folder on, where an agent works: short, and nothing to quote.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process"
import * as fs from "node:fs"
import { dirname } from "node:path"
import { Duplex } from "node:stream"
import { connected } from "../machine/connect.ts"
import { nodeFiles } from "../sdk/agent/node-folder.ts"
import type { Peer, SshAddress } from "../sdk/agent/protocol.ts"
import { replaceFile } from "./durable.ts"
import { valueError } from "./failures.ts"
import { endProcesses, markedEnvironment } from "./leftovers.ts"

/** Of a machine that takes the connection and then says nothing. */
const patienceMs = 30_000
const connectS = 10
const aliveS = 5
const aliveTimes = 3
const wordsMaxBytes = 16 * 1024
/** No job's: these end after the jobs, through which workers are told to. */
const mark = "ssh"

interface SshPeer extends Peer {
  readonly ssh: SshAddress
}
export const isElsewhere = (peer: Peer): peer is SshPeer => peer.ssh !== undefined

export const mustBeReachable = (peer: Peer) => {
  if (!isElsewhere(peer)) return
  const { user, host, port, hostKey } = peer.ssh
  if (!/^[\w@%+=:,.-]+$/.test(host) || !/^[^\s\0]+$/.test(user) || !Number.isInteger(port))
    throw valueError(`peer ${peer.rank} needs a user, a host and a port`)
  if (!/^[\w@.-]+ [A-Za-z0-9+/]+=*$/.test(hostKey)) throw valueError(`the host key of peer ${peer.rank} is none`)
}

const folder = dirname(nodeFiles.sshKey)

const optionsOf = ({ node, ssh }: SshPeer, ways: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const options = {
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    PreferredAuthentications: "publickey",
    UserKnownHostsFile: nodeFiles.sshKnownHosts,
    GlobalKnownHostsFile: "/dev/null",
    StrictHostKeyChecking: "yes",
    CheckHostIP: "no",
    UpdateHostKeys: "no",
    HostKeyAlias: node,
    BatchMode: "yes",
    ConnectTimeout: `${connectS}`,
    ServerAliveInterval: `${aliveS}`,
    ServerAliveCountMax: `${aliveTimes}`,
    // Below it nothing is said of a server that was silent for too long.
    LogLevel: "INFO",
    ...ways
  }
  const named = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`])
  return ["-F", "/dev/null", "-T", "-i", nodeFiles.sshKey, ...named, "-l", ssh.user, "-p", `${ssh.port}`, "--", ssh.host]
}

const ignore = () => {}

const listen = (stream: NodeJS.ReadableStream, onLine: (line: string) => void) => {
  let text = ""
  stream.setEncoding("utf8").on("data", (more: string) => {
    const lines = (text + more).split(/\r?\n/)
    text = lines.pop()!.slice(-wordsMaxBytes)
    for (const line of lines) if (line.trim() !== "") onLine(line.trim())
  })
}

/** It ends when the client does, whose last words say why: what breaks in the pipes before is not told. */
const lineOf = (child: ChildProcessWithoutNullStreams): Duplex => {
  const { stdin, stdout } = child
  const line = new Duplex({
    read: () => stdout.resume(),
    write: (chunk, encoding, done) => stdin.write(chunk, encoding, () => done()),
    final: (done) => stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill()
      stdout.destroy()
      done(error)
    }
  })
  stdout.on("data", (chunk) => line.push(chunk) || stdout.pause())
  return line.on("error", ignore)
}

export class Ssh {
  readonly #root: string
  #isUsed = false
  #closed = false
  #made = 0
  /** Of each worker: where its link's client lets others in. */
  readonly #masters = new Map<string, string>()

  /** `root`: the node's folder, absolute. */
  constructor(root: string) {
    this.#root = root
  }

  /** Whose machines are whose, before the first of them is asked. */
  know(peers: ReadonlyArray<Peer>) {
    const elsewhere = peers.filter(isElsewhere)
    if (elsewhere.length === 0) return
    this.#isUsed = true
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    // Masters that were killed left theirs.
    for (const name of fs.readdirSync(folder)) if (/^\d+-/.test(name)) fs.rmSync(`${folder}/${name}`, { force: true })
    const known = elsewhere.map(({ node, ssh }) => `${node} ${ssh.hostKey}\n`).join("")
    // A full disk keeps no agent from its start.
    if (!fs.existsSync(nodeFiles.sshKnownHosts) || fs.readFileSync(nodeFiles.sshKnownHosts, "utf8") !== known)
      replaceFile(nodeFiles.sshKnownHosts, known)
  }

  /** Rejects with ssh's last words, or the worker's. Once it stands it ends with an error when ssh says one. */
  connect(peer: SshPeer, isLink: boolean, signal: AbortSignal | undefined): Promise<Duplex> {
    const { spawn } = process.getBuiltinModule("node:child_process")
    const fail = (why: string) => new Error(`${peer.ssh.user}@${peer.ssh.host}, port ${peer.ssh.port}: ${why}`)
    if (this.#closed) return Promise.reject(fail("this agent is ending"))
    const env = { ...process.env, ...markedEnvironment({ folder: this.#root, job: mark }) }
    const args = optionsOf(peer, this.#ways(peer, isLink))
    const child = spawn("ssh", args, { detached: true, env, stdio: "pipe", ...(signal && { signal }) })
    const { stdin, stdout, stderr } = child
    let line: Duplex | null = null
    let words: string | null = null
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => {
        words = `no answer within ${patienceMs / 1000} s`
        child.kill()
      }, patienceMs)
      const stands = () => {
        clearTimeout(patience)
        words = null
        stdout.off("data", ignore)
        line = lineOf(child)
        resolve(line)
      }
      // The user's shell may greet first: that is here when the next turn begins.
      stdout.on("data", ignore)
      stdin.on("error", ignore)
      listen(stderr, (said) => {
        if (said === connected && line === null) setImmediate(stands)
        else words = said
      })
      child.on("error", ({ code, message }: NodeJS.ErrnoException) => {
        words = code === "ENOENT" ? "there is no ssh client on this machine: install OpenSSH's" : message
      })
      child.on("close", () => {
        clearTimeout(patience)
        const failure = fail(words ?? "the connection ended")
        reject(failure)
        line?.destroy(words === null ? undefined : failure)
      })
    })
  }

  /** Until no client runs, whichever agent of this node started it. */
  async end(): Promise<void> {
    this.#closed = true
    if (this.#isUsed) await endProcesses({ folder: this.#root, job: mark })
  }

  /** Each master has a socket of its own: one that ends late takes none away. */
  #ways(peer: SshPeer, isLink: boolean): Readonly<Record<string, string>> {
    const path = this.#masters.get(peer.node)
    if (!isLink) return path === undefined ? {} : { ControlMaster: "no", ControlPath: path }
    const own = `${folder}/${process.pid}-${this.#made++}`
    this.#masters.set(peer.node, own)
    return { ControlMaster: "yes", ControlPath: own }
  }
}
