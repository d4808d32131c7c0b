/**
 * EC2 with machines behind it: the instances of moto, each with a real OpenSSH server at its address, which begins, stops and ends with it
 * and does at its first start what cloud-init would: the user, the key that is let in, the key that the machine shows.
 */
import { existsSync, readdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { Moto, type StrictInstance } from "../tools/moto.ts"
import { sleep } from "./home.ts"
import { SshMachine } from "./sshd.ts"

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

export class Ec2 {
  readonly moto: Moto
  private readonly seats: ReadonlyArray<Seat>
  private isOver = false
  private watching: Promise<void> | undefined
  /** What the watcher met. */
  trouble: unknown

  private readonly environment: Readonly<Record<string, string>>

  private constructor(moto: Moto, seats: ReadonlyArray<Seat>, environment: Readonly<Record<string, string>>) {
    this.moto = moto
    this.seats = seats
    this.environment = environment
  }

  /** `environment`: of every login there. */
  static async start(count: number, environment: Readonly<Record<string, string>> = {}): Promise<Ec2> {
    const [moto, ...machines] = await Promise.all([Moto.start(), ...Array.from({ length: count }, () => SshMachine.start([]))])
    const ec2 = new Ec2(
      moto,
      machines.map((machine) => new Seat(machine)),
      environment
    )
    await ec2.give()
    // It makes what a region has from the start when it is first asked, which takes it seconds.
    await Promise.all([
      moto.client("us-east-1").describeRouteTables({}),
      moto.client("us-east-1").describeInstanceTypes({ InstanceTypes: ["t3.nano"] })
    ])
    ec2.watching = ec2.watch()
    return ec2
  }

  get machines(): ReadonlyArray<SshMachine> {
    return this.seats.map(({ machine }) => machine)
  }
  machineOf(address: string): SshMachine {
    return this.machines.find((machine) => machine.address === address)!
  }
  /** Of the user that logs in there, seen from here. */
  homeAt(address: string): string {
    return join(dirname(this.machineOf(address).home), "ubuntu")
  }

  /** The addresses, and a moment for each machine to end in, as with the real one: what EC2 calls stopped has stopped. */
  async give(): Promise<void> {
    await this.moto.strict("PUT", "addresses", { pool: this.machines.map(({ address }) => address) })
    await this.moto.strict("PUT", "visibility", { stoppingSeconds: 1 })
  }

  async end(): Promise<void> {
    this.isOver = true
    await this.watching
    await Promise.all([this.moto.end(), ...this.machines.map((machine) => machine.end())])
    if (this.trouble !== undefined) throw this.trouble
  }

  private async watch(): Promise<void> {
    while (!this.isOver) {
      try {
        const instances = await this.moto.instances()
        await Promise.all(this.seats.map((seat) => this.follow(seat, instances)))
      } catch (error) {
        // Not everything is told of an instance that EC2 does not list yet.
        if (!this.isOver && (error as Error).name !== "InvalidInstanceID.NotFound") this.trouble = error
      }
      await sleep(lookMs)
    }
  }

  private async follow(seat: Seat, instances: ReadonlyArray<StrictInstance>): Promise<void> {
    const { machine } = seat
    const own = instances.find(({ instanceId }) => instanceId === seat.instance)
    if (seat.instance !== null && (own === undefined || own.state === "terminated" || own.state === "shutting-down")) {
      await machine.powerOff()
      seat.isUp = false
      for (const folder of readdirSync(dirname(machine.home))) rmSync(join(dirname(machine.home), folder), { recursive: true })
      seat.instance = null
    }
    if (seat.instance === null) {
      const given = instances.find(({ privateIp, state }) => privateIp === machine.address && state === "running")
      if (given === undefined) return
      seat.config = await this.configOf(given)
      seat.instance = given.instanceId
      return this.up(seat)
    }
    if ((own!.state === "stopping" || own!.state === "stopped") && seat.isUp) {
      seat.isUp = false
      await machine.powerOff()
    }
    if (own!.state === "running" && !seat.isUp) await this.up(seat)
    const file = join(this.homeAt(machine.address), asked)
    if (seat.isUp && existsSync(file)) {
      rmSync(file)
      await this.moto.strict("POST", `instances/${seat.instance}/shutdown`)
    }
  }

  private async configOf({ instanceId, region }: StrictInstance): Promise<CloudConfig> {
    const { UserData } = await this.moto.client(region).describeInstanceAttribute({
      InstanceId: instanceId,
      Attribute: "userData"
    })
    return JSON.parse(
      Buffer.from(UserData!.Value!, "base64")
        .toString()
        .replace(/^#.*\n/, "")
    )
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
