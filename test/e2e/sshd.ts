/**
 * Real machines, as far as one kernel goes: OpenSSH's server in namespaces of its own, with an address, a host name, users, a home,
 * processes and a boot id that no other machine has. Needs root, `ip` and sshd; where one is missing, `whyNoMachines` says which, and tests
 * are skipped with a loud line.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes, randomUUID } from "node:crypto"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import type { Target } from "../../daemon/remote/Target.ts"
import { bareKey, keyPair, type Pair, targetAt } from "../fakes/ssh-keys.ts"
import { type SshdSettings, type User, user, usualSettings, writeConfig, writeUsers } from "./machine-files.ts"
import { attempt, run, sharedNetwork, sshd } from "./netns.ts"

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
const namespaceOf = (pid: string): string | null => {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return null
  }
}

export interface MachineOptions {
  /** The disk that users' homes lie on is no larger. */
  readonly homeMib?: number
  /** With `homeMib`: so many files and folders are on it, and no more. */
  readonly homeInodes?: number
}

export class SshMachine {
  readonly address: string
  readonly hostname: string
  /** Of the user `node` and of root, seen from here. */
  readonly home: string
  readonly rootHome: string
  hostKey = ""
  private readonly id = randomBytes(3).toString("hex")
  private readonly folder = mkdtempSync(join(tmpdir(), "machine-"))
  private readonly network = sharedNetwork()
  private settings: SshdSettings = usualSettings
  private process: ChildProcess | undefined
  private others: ReadonlyArray<User> = []

  private constructor(authorized: ReadonlyArray<Pair>, { homeInodes = 0, homeMib }: MachineOptions) {
    this.address = this.network.join()
    this.hostname = `machine-${this.address.split(".").at(-1)}`
    this.home = join(this.folder, "home", user.name)
    this.rootHome = join(this.folder, "root")
    chmodSync(this.folder, 0o755)
    for (const path of ["home", "etc-ssh", "root"]) mkdirSync(join(this.folder, path))
    if (homeMib !== undefined)
      run("mount", "-t", "tmpfs", "-o", `size=${homeMib}m,nr_inodes=${homeInodes}`, "tmpfs", join(this.folder, "home"))
    mkdirSync(join(this.home, ".ssh"), { recursive: true })
    mkdirSync(join(this.rootHome, ".ssh"))
    writeUsers(this.folder)
    this.newHostKey()
    for (const { public: key } of authorized) this.authorize(key)
    run("ip", "netns", "add", this.name)
    run("ip", "link", "add", this.link, "type", "veth", "peer", "name", "eth0", "netns", this.name)
    run("ip", "link", "set", this.link, "master", this.network.bridge, "up")
    run("ip", "-n", this.name, "addr", "add", `${this.address}/24`, "dev", "eth0")
    for (const link of ["lo", "eth0"]) run("ip", "-n", this.name, "link", "set", link, "up")
  }

  /** A new machine, up and answering. `authorized` may log in as `node` and as root. */
  static async start(
    authorized: ReadonlyArray<Pair> = [],
    settings: Partial<SshdSettings> = {},
    options: MachineOptions = {}
  ): Promise<SshMachine> {
    const machine = new SshMachine(authorized, options)
    machine.settings = { ...usualSettings, ...settings }
    await machine.boot()
    return machine
  }

  private get name(): string {
    return `skyn${this.id}`
  }
  private get link(): string {
    return `skyv${this.id}`
  }

  target(changes: Partial<Target> = {}): Target {
    return targetAt({ name: this.hostname, host: this.address, user: user.name, hostKey: this.hostKey, ...changes })
  }

  authorize(publicKey: string): void {
    for (const [home, owner] of [[this.home, user.uid] as const, [this.rootHome, 0] as const]) {
      const file = join(home, ".ssh/authorized_keys")
      writeFileSync(file, `${publicKey.trim()}\n`, { flag: "a", mode: 0o600 })
      for (const path of [home, join(home, ".ssh"), file]) chownSync(path, owner, owner)
    }
  }

  /** As when the cable is pulled: silence on both sides, nothing breaks off. */
  cut(): void {
    run("ip", "link", "set", this.link, "down")
  }
  heal(): void {
    run("ip", "link", "set", this.link, "up")
    // Else who calls in the next seconds may be told what was found out before: no route.
    run("ip", "neigh", "flush", "dev", this.network.bridge, "to", this.address)
  }

  /** Without a word to anybody. */
  async powerOff(): Promise<void> {
    this.cut()
    const { process: running } = this
    this.process = undefined
    if (running === undefined) return
    const ended = new Promise((done) => running.once("exit", done))
    // Its child is the machine's first process: with it, all others go.
    running.kill("SIGKILL")
    await ended
    while (attempt("ip", "netns", "exec", this.name, "sh", "-c", "ss -Hltn | grep -q .")) await setTimeout(20)
  }

  /** Up again, with another boot id. Answers when ssh does. */
  async boot(settings: Partial<SshdSettings> = {}): Promise<void> {
    this.settings = { ...this.settings, ...settings }
    writeConfig(this.folder, this.settings, this.others)
    writeFileSync(join(this.folder, "boot_id"), `${randomUUID()}\n`)
    this.heal()
    const inside = `set -e
mount --make-rprivate /
mount -t proc proc /proc
hostname "$2"
mount --bind "$1/boot_id" /proc/sys/kernel/random/boot_id
for name in passwd shadow group; do mount --bind "$1/$name" /etc/$name; done
mount --bind "$1/etc-ssh" /etc/ssh
mount --bind "$1/home" /home
mount --bind "$1/root" /root
mount -t tmpfs tmpfs /run
mkdir -p /run/sshd
${sshd} -D -E "$1/log" &
wait`
    this.process = spawn(
      "ip",
      [
        "netns",
        "exec",
        this.name,
        "unshare",
        "--uts",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        inside,
        "sh",
        this.folder,
        this.hostname
      ],
      { stdio: ["ignore", "ignore", "pipe"], env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" } }
    )
    let said = ""
    this.process.stderr!.on("data", (chunk: Buffer) => {
      said += chunk.toString()
    })
    for (let look = 0; !(await this.answers()); look++) {
      if (look > 400 || this.process.exitCode !== null) throw new Error(`${this.hostname} does not boot: ${said}${this.log()}`)
      await setTimeout(25)
    }
  }

  /** From its next start on. Files are named from the home on; programs, all of them. */
  addUser(added: User, authorized: ReadonlyArray<string>, programs: Readonly<Record<string, string>>): void {
    this.others = [added]
    writeUsers(this.folder, this.others)
    const home = join(this.folder, "home", added.name)
    mkdirSync(join(home, ".ssh"), { recursive: true })
    writeFileSync(join(home, ".ssh/authorized_keys"), authorized.map((key) => `${key}\n`).join(""), { mode: 0o600 })
    mkdirSync(join(home, "bin"), { recursive: true })
    for (const [name, text] of Object.entries(programs)) writeFileSync(join(home, "bin", name), text, { mode: 0o755 })
    for (const path of ["", ".ssh", ".ssh/authorized_keys", "bin"]) chownSync(join(home, path), added.uid, added.uid)
  }
  /** The key that it shows, from its next start on. */
  showKey(pair: Pair): void {
    this.hostKey = bareKey(pair.public)
    writeFileSync(join(this.folder, "etc-ssh/host_key"), pair.private, { mode: 0o600 })
  }

  /** sshd with other settings; what is connected stays as it is. */
  async configure(settings: Partial<SshdSettings>): Promise<void> {
    this.settings = { ...this.settings, ...settings }
    writeConfig(this.folder, this.settings)
    await this.reload()
  }
  async changeHostKey(): Promise<void> {
    this.newHostKey()
    await this.reload()
  }

  /** On the machine, as root, past ssh. */
  inside(script: string, ...args: ReadonlyArray<string>): string {
    const first = run("pgrep", "-P", String(this.process!.pid)).trim()
    return run("nsenter", "-t", first, "-a", "sh", "-c", script, "sh", ...args)
  }

  /** Of all that runs there, as they are called here. */
  processes(): ReadonlyArray<number> {
    if (this.process === undefined) return []
    const first = run("pgrep", "-P", String(this.process.pid)).trim()
    const own = namespaceOf(first)
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && own !== null && namespaceOf(name) === own)
      .map(Number)
  }

  /** Ends all that is connected, as a server's crash would; another connection is let in at once. */
  breakConnections(): void {
    for (const pid of this.processes())
      if (/^sshd(-session)?: (?!.*\[listener\])/.test(readIfThere(`/proc/${pid}/cmdline`))) attempt("kill", "-9", String(pid))
  }

  log(): string {
    return existsSync(join(this.folder, "log")) ? readFileSync(join(this.folder, "log"), "utf8") : ""
  }

  async end(): Promise<void> {
    await this.powerOff()
    attempt("umount", join(this.folder, "home"))
    attempt("ip", "link", "del", this.link)
    attempt("ip", "netns", "del", this.name)
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
    this.network.leave()
  }

  private async reload(): Promise<void> {
    // It starts itself anew, under the same process id.
    const before = this.log().split("Server listening").length
    this.inside("kill -HUP $(cat /run/sshd.pid)")
    while (this.log().split("Server listening").length === before) await setTimeout(10)
  }

  private answers(): Promise<boolean> {
    return new Promise((done) => {
      const socket = connect({ host: this.address, port: 22, timeout: 500 })
      const end = (answered: boolean) => {
        socket.destroy()
        done(answered)
      }
      socket
        .once("data", () => end(true))
        .once("error", () => end(false))
        .once("timeout", () => end(false))
        .once("close", () => done(false))
    })
  }

  private newHostKey(): void {
    this.showKey(keyPair("host"))
  }
}
