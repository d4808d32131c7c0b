/** The machines of a storm whose nodes are reached over ssh: a pool of real OpenSSH servers, and what can befall them. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { SshMachine } from "../e2e/sshd.ts"
import { keyPair } from "../fakes/ssh-keys.ts"

export const pool = "rack"
const machinesCount = 5

export type MachineFate = "connections" | "cut" | "power"

export class Rack {
  readonly machines: ReadonlyArray<SshMachine>
  private readonly fates = new Map<SshMachine, Promise<void>>()

  private constructor(machines: ReadonlyArray<SshMachine>) {
    this.machines = machines
  }

  /** In the pools file of a state folder, each with an environment for its agents. */
  static async start(state: string, environment: Readonly<Record<string, string>>): Promise<Rack> {
    const pair = keyPair("storm")
    const machines = await Promise.all(Array.from({ length: machinesCount }, () => SshMachine.start([pair], { environment })))
    mkdirSync(state, { mode: 0o700 })
    const key = join(state, "id")
    writeFileSync(key, pair.private, { mode: 0o600 })
    const hosts = machines.map(({ address }) => `    - ${address}\n`).join("")
    writeFileSync(join(state, "ssh_node_pools.yaml"), `${pool}:\n  user: node\n  identity_file: ${key}\n  hosts:\n${hosts}`)
    return new Rack(machines)
  }

  /** Null: another fate has the machine still. Else what is done to it, which is over when `whole` is. */
  strike(which: number, fate: MachineFate, forMs: number): string | null {
    const machine = this.machines[Math.floor(which * this.machines.length)]!
    if (this.fates.has(machine)) return null
    const over = this.befall(machine, fate, forMs).finally(() => this.fates.delete(machine))
    over.catch(() => undefined)
    this.fates.set(machine, over)
    return `${fate}${fate === "connections" ? " broken" : ` for ${forMs} ms`} of ${machine.hostname}`
  }

  private async befall(machine: SshMachine, fate: MachineFate, forMs: number): Promise<void> {
    if (fate === "connections") return machine.breakConnections()
    if (fate === "power") await machine.powerOff()
    else machine.cut()
    await setTimeout(forMs)
    if (fate === "power") await machine.boot()
    else machine.heal()
  }

  /** All are up and reached again. */
  async whole(): Promise<void> {
    await Promise.all(this.fates.values())
  }

  processes(): ReadonlyArray<number> {
    return this.machines.flatMap((machine) => machine.processes())
  }

  /** What lies in a folder of ours, on any of them. */
  listed(folder: string): ReadonlyArray<string> {
    return this.machines.flatMap(({ home }) => {
      const path = join(home, ".skyd-node", folder)
      return existsSync(path) ? readdirSync(path) : []
    })
  }

  /** Lines that let heads in to workers. */
  letIn(): ReadonlyArray<string> {
    return this.machines.flatMap(({ home }) =>
      readFileSync(join(home, ".ssh/authorized_keys"), "utf8")
        .split("\n")
        .filter((line) => line.startsWith("restrict,command="))
    )
  }

  async end(): Promise<void> {
    await this.whole().catch(() => undefined)
    await Promise.all(this.machines.map((machine) => machine.end()))
  }
}

/** A file that the users of machines write into as well. */
export const openToAll = (folder: string, ...names: ReadonlyArray<string>): void => {
  chmodSync(folder, 0o711)
  for (const name of names) {
    writeFileSync(join(folder, name), "")
    chmodSync(join(folder, name), 0o666)
  }
}
