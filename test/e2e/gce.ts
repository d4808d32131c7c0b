/** Compute Engine with machines behind it: the instances of strict_gce, each with a real OpenSSH server at its address. */
import { Gce } from "../tools/gce.ts"
import { RentedMachines, startMachines } from "./rented-machines.ts"
import type { SshMachine } from "./sshd.ts"

const stateOf = (status: string) => {
  if (status === "RUNNING") return "running"
  return ["STOPPING", "TERMINATED", "SUSPENDING", "SUSPENDED"].includes(status) ? "off" : "beginning"
}

export class GceMachines {
  readonly gce: Gce
  private readonly behind: RentedMachines

  private constructor(gce: Gce, machines: ReadonlyArray<SshMachine>, environment: Readonly<Record<string, string>>) {
    this.gce = gce
    const source = {
      instances: async () =>
        (await gce.instances()).map(({ internalIp, name, status }) => ({ id: name, address: internalIp, state: stateOf(status) }) as const),
      userData: async (id: string) => {
        const { zone } = (await gce.instances()).find(({ name }) => name === id)!
        const { metadata } = await gce.console("GET", `zones/${zone}/instances/${id}`)
        return metadata.items.find(({ key }: { key: string }) => key === "user-data").value
      },
      shutDown: (id: string) => gce.strict("POST", `instances/${id}/shutdown`),
      // One that is not to be seen yet, or not any more.
      isPassing: (error: unknown) => / (404|400) /.test((error as Error).message)
    }
    this.behind = new RentedMachines(source, machines, environment)
  }

  /** `environment`: of every login there. */
  static async start(count: number, environment: Readonly<Record<string, string>> = {}): Promise<GceMachines> {
    const [gce, machines] = await Promise.all([Gce.start(), startMachines(count)])
    const all = new GceMachines(gce, machines, environment)
    await all.give()
    return all
  }

  get machines(): ReadonlyArray<SshMachine> {
    return this.behind.machines
  }
  /** Of the user that logs in there, seen from here. */
  homeAt(address: string): string {
    return this.behind.homeAt(address)
  }

  /** The addresses, and a moment for each machine to end in: what is called stopped has stopped. */
  async give(): Promise<void> {
    const addresses = this.machines.map(({ address }) => address)
    await this.gce.strict("PUT", "addresses", { internal: addresses, external: addresses })
    await this.gce.strict("PUT", "visibility", { stopSeconds: 1, deleteSeconds: 1 })
  }

  end(): Promise<void> {
    return this.behind.end(this.gce.end())
  }
}
