/** A gang whose head has no way to its worker, or does not reach it: said wherever one looks, and what needs no worker runs and ends. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { leasesOf, SshHome, startMachines } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("a head and a worker that do not come together", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await startMachines(2)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })
  const gang = ["-c", "gang", "--num-nodes", "2", "--infra", "ssh/rack"]
  const hostOf = async (home: SshHome, rank: number) => {
    const [row] = await home.json("status", "gang")
    const { address } = row.nodes.find((node: { readonly rank: number }) => node.rank === rank)
    return machines.find((machine) => machine.address === address)!
  }

  it("since its ~/.ssh cannot be written: the launch fails with that, and goes well when that is put right", async () => {
    const home = new SshHome(machines)
    const bar = (mode: string) => machines[1]!.inside(`mkdir -p ~node/.ssh; chown root ~node/.ssh; chmod ${mode} ~node/.ssh`)
    bar("755")
    machines[0]!.inside("mkdir -p ~node/.ssh; chown root ~node/.ssh; chmod 755 ~node/.ssh")
    const failed = await home.sky("launch", "-y", ...gang, "echo hi")
    expect([failed.code, failed.err]).toEqual([1, expect.stringMatching(/authorized_keys cannot be changed: EACCES/)])
    const [row] = await home.json("status", "gang")
    expect(row).toMatchObject({ status: "INIT", reason: expect.stringMatching(/authorized_keys cannot be changed: EACCES/) })
    for (const machine of machines) machine.inside("chown node ~node/.ssh")
    const again = await home.sky("launch", "-y", ...gang, "echo at $SKYPILOT_NODE_RANK")
    expect([again.code, again.out]).toEqual([0, expect.stringContaining("at 1")])
    expect((await home.sky("down", "-y", "gang")).code).toBe(0)
    expect(machines.map(leasesOf)).toEqual([[], []])
  }, 180_000)

  it("since the network between them is cut: status -r and queue say so, a job of one node is run, and all goes on when it stands again", async () => {
    const home = new SshHome(machines)
    expect((await home.sky("launch", "-y", ...gang, "echo hi")).code).toBe(0)
    const [head, worker] = [await hostOf(home, 0), await hostOf(home, 1)]
    worker.inside(`ip route add blackhole ${head.address}/32`)
    head.inside("pkill -x ssh || true")
    const job = await home.sky("exec", "-d", "gang", "--num-nodes", "2", "echo both")
    expect(job.code).toBe(0)
    await eventually(async () => /does not reach node 1/.test((await home.json("queue", "gang"))[0].reason ?? ""))
    expect((await home.sky("exec", "gang", "--num-nodes", "1", "echo alone")).out).toContain("alone")
    // The worker was never told of it: nobody waits for it.
    expect((await home.sky("cancel", "-y", "gang", "2")).code).toBe(0)
    expect((await home.json("queue", "gang")).find(({ id }: { readonly id: number }) => id === 2)).toMatchObject({ status: "CANCELLED" })
    await eventually(async () => (await home.json("status", "-r", "gang"))[0].status === "INIT")
    const [row] = await home.json("status", "gang")
    expect(row.reason).toMatch(/the head does not reach (it|worker 1): /)
    worker.inside(`ip route del blackhole ${head.address}/32`)
    await eventually(async () => (await home.json("status", "gang"))[0].status === "UP")
    expect((await home.sky("down", "-y", "gang")).code).toBe(0)
  }, 240_000)
})
