/**
 * Machines behind a cloud's instances: real OpenSSH servers at their addresses, which begin, stop and end with them and do at their first start what
 * cloud-init would: the user, the key that is let in, the key that the machine shows.
 */
import { existsSync, readdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { sleep } from "./home.ts"
import { SshMachine } from "./sshd.ts"

/** An instance, as the machine behind it sees it. `off` also on its way there. */
export interface Behind {
  readonly id: string
  readonly address: string | null
  readonly state: "running" | "beginning" | "off" | "gone"
}

export interface Source {
  readonly instances: () => Promise<ReadonlyArray<Behind>>
  /** What cloud-init was told. */
  readonly userData: (id: string) => Promise<string>
  /** Its machine shut itself down. */
  readonly shutDown: (id: string) => Promise<void>
  /** Of an instance that went while it was looked at. */
  readonly isPassing: (error: unknown) => boolean
}

interface CloudConfig {
  readonly users: ReadonlyArray<{ readonly name: string; readonly ssh_authorized_keys: ReadonlyArray<string> }>
  readonly ssh_keys: { readonly ed25519_private: string; readonly ed25519_public: string }
}

const uid = 2001
const lookMs = 50
const asked = ".power-off"
/** In place of the system's, for who ends the machine. */
const sudo = `#!/bin/sh
while [ "$1" = -n ]; do shift; done
if [ "$1" = shutdown ]; then : >/home/ubuntu/${asked}; else exit 1; fi
`

class Seat {
  readonly machine: SshMachine
  instance: string | null = null
  isUp = true
  config: CloudConfig | undefined

  constructor(machine: SshMachine) {
    this.machine = machine
  }
}

export class RentedMachines {
  private readonly source: Source
  private readonly seats: ReadonlyArray<Seat>
  private readonly environment: Readonly<Record<string, string>>
  private isOver = false
  private readonly watching: Promise<void>
  /** What the watcher met. */
  private trouble: unknown

  /** `environment`: of every login there. */
  constructor(source: Source, machines: ReadonlyArray<SshMachine>, environment: Readonly<Record<string, string>>) {
    this.source = source
    this.seats = machines.map((machine) => new Seat(machine))
    this.environment = environment
    this.watching = this.watch()
  }

  get machines(): ReadonlyArray<SshMachine> {
    return this.seats.map(({ machine }) => machine)
  }
  /** Of the user that logs in there, seen from here. */
  homeAt(address: string): string {
    return join(dirname(this.machines.find((machine) => machine.address === address)!.home), "ubuntu")
  }

  /** `closing`: the cloud's own end. */
  async end(closing: Promise<void>): Promise<void> {
    this.isOver = true
    await this.watching
    await Promise.all([closing, ...this.machines.map((machine) => machine.end())])
    if (this.trouble !== undefined) throw this.trouble
  }

  private async watch(): Promise<void> {
    while (!this.isOver) {
      try {
        const instances = await this.source.instances()
        await Promise.all(this.seats.map((seat) => this.follow(seat, instances)))
      } catch (error) {
        if (!this.isOver && !this.source.isPassing(error)) this.trouble = error
      }
      await sleep(lookMs)
    }
  }

  private async follow(seat: Seat, instances: ReadonlyArray<Behind>): Promise<void> {
    const { machine } = seat
    const own = instances.find(({ id }) => id === seat.instance)
    if (seat.instance !== null && (own === undefined || own.state === "gone")) {
      await machine.powerOff()
      seat.isUp = false
      for (const folder of readdirSync(dirname(machine.home))) rmSync(join(dirname(machine.home), folder), { recursive: true })
      seat.instance = null
    }
    if (seat.instance === null) {
      const given = instances.find(({ address, state }) => address === machine.address && state === "running")
      if (given === undefined) return
      seat.config = JSON.parse((await this.source.userData(given.id)).replace(/^#.*\n/, ""))
      seat.instance = given.id
      return this.up(seat)
    }
    if (own!.state === "off" && seat.isUp) {
      seat.isUp = false
      await machine.powerOff()
    }
    if (own!.state === "running" && !seat.isUp) await this.up(seat)
    const file = join(this.homeAt(machine.address), asked)
    if (seat.isUp && existsSync(file)) {
      rmSync(file)
      await this.source.shutDown(seat.instance)
    }
  }

  /** Boots, and does what cloud-init does before sshd is reached. */
  private async up(seat: Seat): Promise<void> {
    const { config, machine } = seat
    const { ssh_keys, users } = config!
    const [user] = users
    await machine.powerOff()
    machine.showKey({ private: ssh_keys.ed25519_private, public: ssh_keys.ed25519_public })
    machine.addUser({ name: user!.name, uid }, user!.ssh_authorized_keys, { sudo })
    await machine.boot({ environment: { PATH: "/home/ubuntu/bin:/usr/local/bin:/usr/bin:/bin", ...this.environment } })
    seat.isUp = true
  }
}

export const startMachines = (count: number) => Promise.all(Array.from({ length: count }, () => SshMachine.start([])))
