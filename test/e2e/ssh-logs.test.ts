/** `sky logs -s` of a gang on two machines behind OpenSSH. */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { keyPair } from "../fakes/ssh-keys.ts"
import { eventually, Home } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { SshMachine } from "./sshd.ts"

describeWithMachines("the logs of a gang", () => {
  const pair = keyPair("user")
  const large = 60_000_000
  let machines: ReadonlyArray<SshMachine> = []
  let home: Home
  beforeAll(async () => {
    machines = await Promise.all([SshMachine.start([pair]), SshMachine.start([pair])])
    home = new Home()
    const key = join(home.path, "id")
    writeFileSync(key, pair.private, { mode: 0o600 })
    mkdirSync(home.state, { mode: 0o700 })
    const hosts = machines.map(({ address }) => `    - ${address}\n`).join("")
    writeFileSync(join(home.state, "ssh_node_pools.yaml"), `rack:\n  user: node\n  identity_file: ${key}\n  hosts:\n${hosts}`)
    const run = `if [ $SKYPILOT_NODE_RANK = 0 ]; then yes of the head | head -c ${large}; else printf 'of a worker\\377\\n'; fi`
    const launched = await home.sky("launch", "-y", "-d", "-c", "two", "--infra", "ssh/rack", "--num-nodes", "2", run)
    expect(launched).toMatchObject({ code: 0 })
    await eventually(
      async () => (await home.json("queue", "two"))[0].status,
      (status) => status === "SUCCEEDED"
    )
  }, 120_000)
  afterAll(async () => {
    for (const machine of machines) machine.heal()
    expect((await home.sky("down", "-y", "two")).code).toBe(0)
    await Promise.all(machines.map((machine) => machine.end()))
  }, 60_000)

  const folder = async () => join(home.path, "sky_logs", (await home.json("queue", "two"))[0].logPath.split("/").at(-1), "job-1")
  const digest = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex")
  const headsDigest = createHash("sha256")
    .update("of the head\n".repeat(large / 12))
    .digest("hex")

  it("are copied from all its machines, byte for byte, and a connection that breaks in the middle is gone on with", async () => {
    const at = await folder()
    const copying = home.start("logs", "-s", "two", "1")
    const half = () => (existsSync(at) ? readdirSync(at).filter((name) => name.startsWith("rank-0.log.")) : [])
    await eventually(
      async () => half().map((name) => statSync(join(at, name), { throwIfNoEntry: false })?.size ?? 0)[0] ?? 0,
      (size) => size > 1_000_000
    )
    const [head] = machines
    head!.inside("pkill -f '[s]shd.*: node' || true")
    expect(await copying.ended).toEqual({ code: 0, out: `Job 1: ${at}\n`, err: "" })
    expect(readdirSync(at).sort()).toEqual(["rank-0.log", "rank-1.log"])
    expect(digest(join(at, "rank-0.log"))).toBe(headsDigest)
    expect(readFileSync(join(at, "rank-1.log"), "latin1")).toBe("of a worker\xff\n")
  }, 120_000)

  it("are copied as far as they can be had when a machine is gone, and it is said which; an earlier copy stays", async () => {
    const at = await folder()
    const [, worker] = machines
    worker!.cut()
    rmSync(join(at, "rank-0.log"))
    const copied = await home.sky("logs", "-s", "two", "1")
    expect(copied).toMatchObject({
      code: 1,
      out: `Job 1: ${at}\n`,
      err: expect.stringContaining("The log of rank 1 of job 1 is not all there, its machine does not answer")
    })
    expect(digest(join(at, "rank-0.log"))).toBe(headsDigest)
    expect(readFileSync(join(at, "rank-1.log"), "latin1")).toBe("of a worker\xff\n")
    expect(readdirSync(at).sort()).toEqual(["rank-0.log", "rank-1.log"])
  }, 180_000)
})
