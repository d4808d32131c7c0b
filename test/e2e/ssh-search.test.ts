/** A launch whose pool gives nothing, although it was free a moment ago: it goes on to the next pool, and says so. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, SshHome, startMachines } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("two pools of a machine each", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await startMachines(2)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })

  it("the second is taken when somebody else had the first between the look at it and the launch, and one end of it leaves nothing", async () => {
    const [first, second] = machines
    const other = new SshHome([first!])
    const home = new SshHome([first!])
    const file = join(home.state, "ssh_node_pools.yaml")
    writeFileSync(
      file,
      `${readFileSync(file, "utf8")}shelf:\n  user: node\n  identity_file: ${join(home.path, "id")}\n  hosts: [${second!.address}]\n`
    )
    // Both are started and ready, so that little time passes.
    expect((await home.launch("warm", "true")).code).toBe(0)
    expect((await home.sky("down", "-y", "warm")).code).toBe(0)
    expect((await home.sky("launch", "--dryrun", "-c", "a", "--infra", "ssh", "true")).out).toContain("ssh/rack")
    expect((await other.launch("theirs", "true")).code).toBe(0)
    const launched = await home.sky("launch", "-y", "-c", "a", "--infra", "ssh", "echo there")
    expect(launched).toMatchObject({ code: 0, out: expect.stringContaining("there") })
    expect(launched.err).toMatch(/Provisioning +ssh\/rack: .*leased by 'theirs'/)
    expect(launched.err).toMatch(/Provisioned +1 node on ssh\/shelf, free/)
    expect((await home.sky("why", "a")).out).toMatch(
      /asked ssh\/rack for 1 node\n.*refused: .*\n.*chosen: 1x ssh\/shelf, free\n.*asked ssh\/shelf/
    )
    expect((await home.sky("down", "-y", "a")).code).toBe(0)
    expect((await other.sky("down", "-y", "theirs")).code).toBe(0)
    expect(machines.flatMap(leasesOf)).toEqual([])
  }, 120_000)
})
