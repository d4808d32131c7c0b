/**
 * A real sshd on loopback that lets in whoever a home's `authorized_keys` names. As root or as any user, who then is the one it lets in.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import { createServer } from "node:net"
import { userInfo } from "node:os"
import { join } from "node:path"
import type { SshAddress } from "../../sdk/agent/protocol.ts"

const program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"].find((path) => fs.existsSync(path))
export const hasSshd = program !== undefined
if (!hasSshd) console.warn("SKIPPED: heads over ssh. There is no sshd here; install openssh-server to test them.")

const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}

const isAlive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null

export class Sshd {
  readonly address: SshAddress
  readonly #folder: string
  readonly #config: string
  #child: ChildProcess | null = null

  static async of(folder: string, home: string): Promise<Sshd> {
    fs.mkdirSync(folder, { recursive: true })
    const key = join(folder, "host")
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key])
    if (process.getuid?.() === 0) fs.mkdirSync("/run/sshd", { recursive: true })
    const [type, text] = fs.readFileSync(`${key}.pub`, "utf8").split(" ")
    const address = { user: userInfo().username, host: "127.0.0.1", port: await freePort(), hostKey: `${type} ${text}` }
    // Its configuration cannot say every path.
    fs.symlinkSync(home, join(folder, "home"))
    const sshd = new Sshd(folder, address)
    await sshd.start()
    return sshd
  }

  private constructor(folder: string, address: SshAddress) {
    this.#folder = folder
    this.address = address
    this.#config = `Port ${address.port}
ListenAddress 127.0.0.1
HostKey ${join(folder, "host")}
AuthorizedKeysFile ${join(folder, "home")}/.ssh/authorized_keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
`
  }

  get log() {
    return fs.readFileSync(join(this.#folder, "log"), "utf8")
  }

  async start() {
    const config = join(this.#folder, "config")
    fs.writeFileSync(config, this.#config)
    const log = fs.openSync(join(this.#folder, "log"), "w")
    this.#child = spawn(program!, ["-D", "-e", "-f", config], { stdio: ["ignore", log, log] })
    fs.closeSync(log)
    while (!this.log.includes("Server listening")) {
      if (!isAlive(this.#child)) throw new Error(`sshd died: ${this.log}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  /** No new connection; those that are there stay. */
  async stop() {
    const child = this.#child!
    if (!isAlive(child)) return
    child.kill("SIGKILL")
    await once(child, "exit")
  }

  /** No connection any more, and nobody who comes back at once finds a way in. */
  async cut() {
    const connections = this.#connections
    await this.stop()
    this.#signal(connections, "SIGKILL")
  }

  /** To each process that serves a connection. */
  signalConnections(name: NodeJS.Signals) {
    this.#signal(this.#connections, name)
  }

  get #connections() {
    return this.#below(this.#child!.pid!)
  }

  #signal(pids: ReadonlyArray<number>, name: NodeJS.Signals) {
    for (const pid of pids) {
      try {
        process.kill(pid, name)
      } catch {
        // It has ended by itself.
      }
    }
  }

  #below(parent: number): ReadonlyArray<number> {
    const parentOf = (pid: string) => {
      try {
        return Number(/\) \S (\d+)/.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1])
      } catch {
        return 0
      }
    }
    return fs.readdirSync("/proc").flatMap((pid) => (/^\d+$/.test(pid) && parentOf(pid) === parent ? [Number(pid)] : []))
  }
}
