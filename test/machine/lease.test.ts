/** A machine that is had alone, asked in this process; its agent is the real one. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ulid } from "ulid"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { openMachine } from "../../machine/Machine.ts"
import type { Claim, Machine, NodeRef } from "../../machine/shapes.ts"
import { agentPath } from "../contract/cloud-local-prepare.ts"

const { signal } = new AbortController()
let scratch: string
let base: string
let home: string
let machine: Machine
const refs: Array<NodeRef> = []

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "skyd-m-"))
  base = join(scratch, "base")
  home = join(scratch, "home")
  mkdirSync(home)
  machine = await openMachine({ base, agentPath, environment: async () => ({ PATH: "/usr/bin:/bin", USER: "ann" }) })
})
afterEach(async () => {
  for (const ref of refs.splice(0)) await machine.terminate(ref, signal)
  rmSync(scratch, { recursive: true, force: true })
})

const offer = { cloud: "ssh", region: "pool", zone: null, cpus: 2, memoryGib: 4, accelerators: null }
const claimOf = (clusterName = "train"): Claim => ({
  tags: { log: ulid(), cluster: ulid(), clusterName },
  token: ulid(),
  ranks: [{ rank: 3, address: "10.0.0.7" }],
  offer,
  home,
  survivesReboot: true,
  exclusive: true
})
const refOf = ({ tags, token, ranks }: Claim): NodeRef => ({ tags, rank: ranks[0]!.rank, node: `${token}-${ranks[0]!.rank}` })
const claim = async (one: Claim) => {
  const made = await machine.provision(one, signal)
  refs.push(refOf(one))
  return made
}
const stateOf = async (ref: NodeRef) => (await machine.query({ nodes: [ref] }, signal))[0]!

describe("a machine that is had alone", () => {
  it("is one cluster's at a time: who is refused is told whose it is, and leaves nothing there", async () => {
    const first = claimOf("first")
    const made = await claim(first)
    expect(made).toEqual([{ rank: 3, node: `${first.token}-3`, address: "10.0.0.7" }])
    expect(await claim(first)).toEqual(made)
    const second = claimOf("second")
    await expect(machine.provision(second, signal)).rejects.toMatchObject({
      kind: "Refused",
      code: "Taken",
      message: expect.stringContaining("taken by cluster 'first'")
    })
    expect(readdirSync(join(base, "nodes"))).toEqual([refOf(first).node])
    await machine.terminate(refOf(second), signal)
    await machine.terminate(refOf(first), signal)
    await claim(second)
    expect(await stateOf(refOf(first))).toMatchObject({ state: "missing" })
    expect(await stateOf(refOf(second))).toMatchObject({ state: "running", address: "10.0.0.7" })
  })

  it("goes to one of many that ask at the same moment", async () => {
    const claims = Array.from({ length: 8 }, () => claimOf())
    const answers = await Promise.allSettled(claims.map((one) => claim(one)))
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
    expect(readdirSync(join(base, "nodes"))).toHaveLength(1)
  })

  it("has no room for a second rank of the same cluster", async () => {
    const one = claimOf()
    const ranks = [...one.ranks, { rank: 4, address: "10.0.0.8" }]
    await expect(machine.provision({ ...one, ranks }, signal)).rejects.toMatchObject({ code: "Taken" })
    expect(readdirSync(join(base, "nodes"))).toEqual([])
    await claim(claimOf())
  })

  it("is finished by its token, or given back, when a crash came between lease and folder", async () => {
    const one = claimOf()
    await claim(one)
    rmSync(join(base, "nodes", refOf(one).node), { recursive: true })
    expect((await machine.owned({ log: null }, signal)).owned).toMatchObject([{ ...refOf(one), state: "stopped" }])
    expect((await machine.owned({ log: ulid() }, signal)).owned).toEqual([])
    await claim(one)
    expect(await stateOf(refOf(one))).toMatchObject({ state: "running" })
    rmSync(join(base, "nodes", refOf(one).node), { recursive: true })
    expect(await stateOf(refOf(one))).toMatchObject({ state: "missing" })
    await claim(claimOf())
  })

  it("does not come back under a token whose node was being ended", async () => {
    const one = claimOf()
    await claim(one)
    rmSync(join(base, "lease", refOf(one).node))
    await expect(machine.provision(one, signal)).rejects.toMatchObject({ kind: "Refused", code: "Ended" })
  })
})

describe("the workdir in a user's home", () => {
  const workdir = () => join(home, "sky_workdir")

  it("goes with the node, when there was none before it", async () => {
    const one = claimOf()
    await claim(one)
    await machine.installAgent(refOf(one), signal)
    writeFileSync(join(workdir(), "a"), "1")
    await machine.terminate(refOf(one), signal)
    expect(existsSync(workdir())).toBe(false)
    expect(readdirSync(join(base, "trash"))).toEqual([])
  })

  it("stays when it was there", async () => {
    mkdirSync(workdir())
    writeFileSync(join(workdir(), "a"), "1")
    const one = claimOf()
    await claim(one)
    await machine.installAgent(refOf(one), signal)
    await machine.terminate(refOf(one), signal)
    expect(readFileSync(join(workdir(), "a"), "utf8")).toBe("1")
  })

  it("is not taken from a later node by one that was being ended", async () => {
    const [one, later] = [claimOf(), claimOf()]
    await claim(one)
    rmSync(join(base, "lease", refOf(one).node))
    await claim(later)
    await machine.installAgent(refOf(later), signal)
    writeFileSync(join(workdir(), "a"), "1")
    await machine.terminate(refOf(one), signal)
    expect(existsSync(join(workdir(), "a"))).toBe(true)
  })

  it("cannot be a file", async () => {
    writeFileSync(workdir(), "")
    await expect(machine.provision(claimOf(), signal)).rejects.toMatchObject({ kind: "Refused", code: "NoWorkdir" })
    expect(existsSync(join(base, "lease"))).toBe(false)
  })
})

describe("a node that survives a restart of its machine", () => {
  it("runs on, on whatever disk its folder is then, and gets its agent again; another one counts as stopped", async () => {
    const one = claimOf()
    await claim(one)
    const ref = refOf(one)
    writeFileSync(join(base, "nodes", ref.node, "boot"), "of-another-boot 1:2\n")
    expect(await stateOf(ref)).toMatchObject({ state: "running", reason: null })
    expect(await machine.start(ref, signal)).toEqual({ address: "10.0.0.7" })
    expect(await machine.installAgent(ref, signal)).toMatchObject({ node: ref.node })
    await machine.terminate(ref, signal)

    const { survivesReboot: _, ...other } = claimOf()
    await claim(other)
    writeFileSync(join(base, "nodes", refOf(other).node, "boot"), "of-another-boot 1:2\n")
    expect(await stateOf(refOf(other))).toMatchObject({ state: "stopped", reason: "the machine was restarted" })
  })
})
