/** EC2 with machines behind it: the instances of moto, each with a real OpenSSH server at its address. */
import { Moto } from "../tools/moto.ts"
import { RentedMachines, startMachines } from "./rented-machines.ts"
import type { SshMachine } from "./sshd.ts"

const stateOf = (state: string) => {
  if (state === "terminated" || state === "shutting-down") return "gone"
  if (state === "stopping" || state === "stopped") return "off"
  return state === "running" ? "running" : "beginning"
}

export class Ec2 {
  readonly moto: Moto
  private readonly behind: RentedMachines

  private constructor(moto: Moto, machines: ReadonlyArray<SshMachine>, environment: Readonly<Record<string, string>>) {
    this.moto = moto
    const source = {
      instances: async () =>
        (await moto.instances()).map(
          ({ instanceId, privateIp, state }) => ({ id: instanceId, address: privateIp, state: stateOf(state) }) as const
        ),
      userData: async (id: string) => {
        const { region } = (await moto.instances()).find(({ instanceId }) => instanceId === id)!
        const { UserData } = await moto.client(region).describeInstanceAttribute({ InstanceId: id, Attribute: "userData" })
        return Buffer.from(UserData!.Value!, "base64").toString()
      },
      shutDown: (id: string) => moto.strict("POST", `instances/${id}/shutdown`),
      // Not everything is told of an instance that EC2 does not list yet.
      isPassing: (error: unknown) => (error as Error).name === "InvalidInstanceID.NotFound"
    }
    this.behind = new RentedMachines(source, machines, environment)
  }

  /** `environment`: of every login there. */
  static async start(count: number, environment: Readonly<Record<string, string>> = {}): Promise<Ec2> {
    const [moto, machines] = await Promise.all([Moto.start(), startMachines(count)])
    const ec2 = new Ec2(moto, machines, environment)
    await ec2.give()
    // It makes what a region has from the start when it is first asked, which takes it seconds.
    await Promise.all([
      moto.client("us-east-1").describeRouteTables({}),
      moto.client("us-east-1").describeInstanceTypes({ InstanceTypes: ["t3.nano"] })
    ])
    return ec2
  }

  get machines(): ReadonlyArray<SshMachine> {
    return this.behind.machines
  }
  /** Of the user that logs in there, seen from here. */
  homeAt(address: string): string {
    return this.behind.homeAt(address)
  }

  /** The addresses, and a moment for each machine to end in, as with the real one: what EC2 calls stopped has stopped. */
  async give(): Promise<void> {
    await this.moto.strict("PUT", "addresses", { pool: this.machines.map(({ address }) => address) })
    await this.moto.strict("PUT", "visibility", { stoppingSeconds: 1 })
  }

  end(): Promise<void> {
    return this.behind.end(this.moto.end())
  }
}
