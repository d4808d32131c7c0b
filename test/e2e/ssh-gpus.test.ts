/** Machines with GPUs, as far as `nvidia-smi` says so: from the pool to what a job sees. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { keyPair } from "../fakes/ssh-keys.ts"
import { eventually, Home } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { SshMachine } from "./sshd.ts"

const h100 = "NVIDIA H100 80GB HBM3"
const queried = (...gpus: ReadonlyArray<string>) => `printf '%s\\n' ${gpus.map((gpu) => `'${gpu}, [N/A]'`).join(" ")}`

describeWithMachines("GPUs of a pool", () => {
  const pair = keyPair("user")
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await Promise.all([SshMachine.start([pair]), SshMachine.start([pair])])
    for (const machine of machines) {
      mkdirSync(join(machine.home, "bin"))
      await machine.configure({ environment: { PATH: "/home/node/bin:/usr/local/bin:/usr/bin:/bin" } })
    }
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })

  /** What `nvidia-smi` does there. */
  const smi = (machine: SshMachine, script: string) => {
    const file = join(machine.home, "bin/nvidia-smi")
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }
  let home: Home
  beforeEach(() => {
    home = new Home()
    const key = home.file("id", pair.private)
    chmodSync(key, 0o600)
    mkdirSync(home.state, { mode: 0o700 })
    const hosts = machines.map(({ address }) => `    - ${address}\n`).join("")
    writeFileSync(join(home.state, "ssh_node_pools.yaml"), `rack:\n  user: node\n  identity_file: ${key}\n  hosts:\n${hosts}`)
    smi(machines[0]!, queried("NVIDIA L4", h100, h100))
    smi(machines[1]!, queried(h100, h100))
  })
  const launch = (name: string, ...args: ReadonlyArray<string>) => home.sky("launch", "-y", "-c", name, "--infra", "ssh/rack", ...args)
  const show = "echo rank $SKYPILOT_NODE_RANK has $CUDA_VISIBLE_DEVICES by $CUDA_DEVICE_ORDER of $SKYPILOT_NUM_GPUS_PER_NODE"

  it("a gang has on each node the devices as that node numbers them; who asks for more is told what there is", async () => {
    expect((await home.sky("ssh", "ls")).out).toMatch(/H100:2[\s\S]*of its GPUs L4:1 is left out: a cluster has one kind[\s\S]*H100:2/)
    const more = await launch("more", "--gpus", "H100:4", "true")
    expect([more.code, more.err]).toEqual([7, expect.stringContaining("it has H100:2, H100:4 was asked for")])
    const launched = await launch("gang", "--gpus", "h100:2", "--num-nodes", "2", show)
    expect(launched).toMatchObject({ code: 0 })
    expect(launched.out).toContain("rank 0 has 1,2 by PCI_BUS_ID of 2")
    expect(launched.out).toContain("rank 1 has 0,1 by PCI_BUS_ID of 2")
    expect((await home.sky("status")).out).toContain("H100:2)  UP")
    const exec = await home.sky("exec", "gang", "--gpus", "H100:3", "true")
    expect([exec.code, exec.err]).toEqual([6, expect.stringContaining("requested H100:3 on each node, existing H100:2")])
    expect((await home.sky("exec", "gang", "echo without $CUDA_VISIBLE_DEVICES.")).out).toContain("without .")
    expect((await home.sky("down", "-y", "gang")).code).toBe(0)
  }, 120_000)

  it("two jobs share a GPU by halves, a third one waits for its half", async () => {
    smi(machines[0]!, "exit 6")
    smi(machines[1]!, queried("Tesla T4"))
    expect((await launch("one", "--gpus", "T4", "true")).code).toBe(0)
    const half = () => home.sky("exec", "-d", "--gpus", "T4:0.5", "one", `${show}; sleep 1000`)
    for (let i = 0; i < 3; i++) expect((await half()).code).toBe(0)
    const states = async () => (await home.json("queue", "one")).slice(0, 3).map(({ status }: { status: string }) => status)
    await eventually(states, (all) => all.join(" ") === "PENDING RUNNING RUNNING")
    expect((await home.sky("logs", "one", "3", "--no-follow")).out).toContain("has 0 by PCI_BUS_ID of 1")
    expect((await home.sky("cancel", "-y", "one", "2")).code).toBe(0)
    await eventually(states, (all) => all.join(" ") === "RUNNING RUNNING CANCELLED")
    expect((await home.sky("down", "-y", "one")).code).toBe(0)
  }, 120_000)

  it("a parted GPU gives its parts, by their own names", async () => {
    const name = "NVIDIA A100-SXM4-40GB"
    const parts = ["GPU-5d5ba0d6-d33d", "MIG-c6d4f1ef", "MIG-cba663e8"]
    const listed = `GPU 0: ${name} (UUID: ${parts[0]})\\n  MIG 3g.20gb     Device  0: (UUID: ${parts[1]})\\n  MIG 3g.20gb     Device  1: (UUID: ${parts[2]})\\n`
    smi(machines[0]!, `case "$*" in -L) printf '${listed}' ;; *) echo '${name}, Enabled' ;; esac`)
    expect((await home.sky("ssh", "ls")).out).toContain("A100-MIG-3g.20gb:2")
    expect((await home.sky("show-gpus", "--infra", "ssh/rack")).out).toMatch(/^A100-MIG-3g\.20gb +rack +2 +2 +2$/m)
    const launched = await launch("part", "--gpus", "A100-MIG-3g.20gb:1", show)
    expect(launched).toMatchObject({ code: 0, out: expect.stringContaining(`has ${parts[1]} by`) })
    expect((await home.sky("down", "-y", "part")).code).toBe(0)
  }, 120_000)

  it("a driver that is broken, or hangs, is said, and the machine can be had without GPUs", async () => {
    const failed =
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running."
    smi(machines[0]!, `cat <<'END'\n${failed}\n\nEND\nexit 9`)
    smi(machines[1]!, "trap '' TERM; while :; do sleep 1000; done")
    const listed = await home.sky("ssh", "ls")
    expect(listed.out).toContain("its GPUs cannot be used: nvidia-smi says: NVIDIA-SMI has failed because it couldn't communicate")
    expect(listed.out).toContain("its GPUs cannot be used: nvidia-smi does not answer: its driver hangs")
    const asked = await launch("gpu", "--gpus", "H100:1", "true")
    expect(asked.code).toBe(7)
    expect(asked.err.replaceAll(/\s+/g, " ")).toContain("H100:1 was asked for, and its GPUs cannot be used: nvidia-smi says: NVIDIA-SMI")
    expect((await launch("cpu", "true")).code).toBe(0)
    expect((await home.sky("down", "-y", "cpu")).code).toBe(0)
  }, 120_000)
})
