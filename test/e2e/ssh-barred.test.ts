/** A cluster whose machine we are kept from for good: whoever reads a log is told why at once, not that there was no answer. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { SshHome, startMachines } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

describeWithMachines("a machine that we are kept from", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await startMachines(2)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })

  it("by another host key: logs, exec and queue say so", async () => {
    const [machine] = machines
    const home = new SshHome([machine!])
    expect((await home.launch("odd", "echo done")).code).toBe(0)
    await machine!.changeHostKey()
    machine!.breakConnections()
    const logs = await home.sky("logs", "odd", "1")
    expect([logs.code, logs.err]).toEqual([1, expect.stringMatching(/cannot be read: the host key of/)])
    expect(logs.err).not.toContain("does not answer")
    const exec = await home.sky("exec", "odd", "echo second")
    expect(exec.err).toContain("the host key of")
    await home.until("RuntimeLost")
    for (const job of (await home.json("queue", "odd")).filter(({ status }: { status: string }) => status === "PENDING"))
      expect(job.reason).toContain("the host key of")
    expect((await home.sky("down", "-y", "--purge", "odd")).code).toBe(0)
  }, 120_000)

  it("by the pools file, which has it no more or is faulty", async () => {
    const home = new SshHome([machines[1]!])
    const file = join(home.state, "ssh_node_pools.yaml")
    expect((await home.launch("gone", "echo done")).code).toBe(0)
    for (const [text, words] of [
      ["other:\n  hosts: [10.0.0.1]\n", "the pool 'rack'"],
      ["rack: [\n", "line 2"]
    ] as const) {
      writeFileSync(file, text)
      expect(await home.sky("logs", "gone", "1")).toMatchObject({ code: 1, err: expect.stringContaining(words) })
    }
    writeFileSync(file, `rack:\n  user: node\n  identity_file: ${join(home.path, "id")}\n  hosts: [${machines[1]!.address}]\n`)
    await eventually(async () => (await home.sky("logs", "gone", "1")).code === 0)
  }, 120_000)
})
