/**
 * A cluster whose machine the pools file names otherwise, or no more: its commands work on, or say what is to be done; nothing is orphaned.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, SshHome, startMachines } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("a machine whose line in the pools file changes", () => {
  let machines: ReadonlyArray<SshMachine>
  beforeAll(async () => {
    machines = await startMachines(2)
  }, 60_000)
  afterAll(() => Promise.all(machines.map((machine) => machine.end())))

  const name = (home: SshHome, pool: string, hosts: string) =>
    writeFileSync(
      join(home.state, "ssh_node_pools.yaml"),
      `${pool}:\n  user: node\n  identity_file: ${join(home.path, "id")}\n  hosts: [${hosts}]\n`
    )

  it("is the same with its port written down, in a renamed pool, and under an alias", async () => {
    const [machine] = machines
    const home = new SshHome([machine!])
    expect((await home.launch("train", "true")).code).toBe(0)
    name(home, "rack", `{ip: ${machine!.address}, ssh_port: 22}`)
    expect(await home.sky("exec", "train", "echo two")).toMatchObject({ code: 0, out: expect.stringContaining("two") })
    name(home, "other", `{ip: ${machine!.address}, ssh_port: 22}`)
    expect(await home.sky("exec", "train", "echo three")).toMatchObject({ code: 0, out: expect.stringContaining("three") })
    home.file(".ssh/config", `Host box\n  HostName ${machine!.address}\n`)
    name(home, "other", "box")
    expect((await home.sky("down", "-y", "train")).code).toBe(0)
    expect(leasesOf(machine!)).toEqual([])
  }, 120_000)

  it("that is dropped without its word is named, and whoever wants the machine next gets it", async () => {
    const [machine, other] = machines
    const home = new SshHome([machine!])
    expect((await home.launch("train", "true")).code).toBe(0)
    name(home, "rack", other!.address)
    const refused = await home.sky("down", "-y", "train")
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining(`put it back there under '${machine!.address}'`)])
    const purged = await home.sky("down", "-y", "--purge", "train")
    expect([purged.code, purged.err]).toEqual([0, expect.stringContaining(`node 0 may still be on ${machine!.address}: `)])
    expect(purged.err).toContain("sky down --unlogged train")
    expect(leasesOf(machine!).length).toBe(1)
    name(home, "rack", machine!.address)
    expect(await home.launch("next", "echo mine")).toMatchObject({ code: 0, out: expect.stringContaining("mine") })
    expect((await home.sky("down", "-y", "next")).code).toBe(0)
    expect(leasesOf(machine!)).toEqual([])
  }, 120_000)
})
