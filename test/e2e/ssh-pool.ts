/** A state folder with a pool of real OpenSSH machines in it. The machines are the test's own, or shared by those of a file. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { keyPair, type Pair } from "../fakes/ssh-keys.ts"
import { eventually, Home } from "./home.ts"
import type { SshdSettings } from "./machine-files.ts"
import { type MachineOptions, SshMachine } from "./sshd.ts"

export const pair: Pair = keyPair("user")
export const startMachine = (settings: Partial<SshdSettings> = {}, options: MachineOptions = {}) =>
  SshMachine.start([pair], settings, options)
export const startMachines = (count: number) => Promise.all(Array.from({ length: count }, () => startMachine()))

export class SshHome extends Home {
  readonly machines: ReadonlyArray<SshMachine>
  /** The file of the key that is let in everywhere. */
  readonly key: string

  constructor(machines: ReadonlyArray<SshMachine>, env: NodeJS.ProcessEnv = {}) {
    super(env)
    this.machines = machines
    this.key = join(this.path, "id")
    writeFileSync(this.key, pair.private, { mode: 0o600 })
    mkdirSync(this.state, { mode: 0o700 })
    this.pool(machines.map(({ address }) => address))
  }

  /** What the pool `rack` holds from now on. */
  pool(hosts: ReadonlyArray<string>): void {
    const lines = hosts.map((host) => `    - ${host}\n`).join("")
    writeFileSync(join(this.state, "ssh_node_pools.yaml"), `rack:\n  user: node\n  identity_file: ${this.key}\n  hosts:\n${lines}`)
  }

  launch(name: string, ...args: ReadonlyArray<string>) {
    return this.sky("launch", "-y", "-c", name, "--infra", "ssh/rack", ...args)
  }

  async status(name: string) {
    return (await this.json("status", "-r", name))[0]
  }
  async tags(): Promise<ReadonlyArray<string>> {
    return (await this.json("events")).map(({ event }: { readonly event: { readonly _tag: string } }) => event._tag)
  }
  /** Until the log holds such a fact; never longer than half a minute. */
  until(tag: string) {
    return eventually(
      async () => await this.tags(),
      (tags) => tags.includes(tag)
    )
  }
}

/** The nodes that have it: one, or none. */
export const leasesOf = ({ home }: SshMachine): ReadonlyArray<string> => {
  const folder = join(home, ".skyd-node/lease")
  return existsSync(folder) ? readdirSync(folder) : []
}
/** What runs there of ours, agents and jobs, in words. */
export const oursOn = (machine: SshMachine): ReadonlyArray<string> =>
  machine.processes().flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()
      const isOurs = words.includes(".skyd-node") || readFileSync(`/proc/${pid}/environ`, "utf8").includes("SKYD_JOB=")
      return isOurs && !words.startsWith("sshd") ? [words] : []
    } catch {
      return []
    }
  })
