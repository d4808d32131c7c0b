/** A head and a worker on "two machines": each asked by `agent.cjs machine` with a HOME of its own, and a real sshd between them. */
import { execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ulid } from "../../agent/ulid.ts"
import type { MachineMethod, MachineMethods, NodeRef } from "../../machine/shapes.ts"
import type { Peer } from "../../sdk/agent/protocol.ts"
import { agentPath } from "../contract/cloud-local-prepare.ts"
import { Client, eventually, Follower, job } from "./harness.ts"
import { hasSshd, Sshd } from "./sshd.ts"

const scratch = fs.mkdtempSync(join(tmpdir(), "skyd-s-"))
const tags = { log: ulid(Date.now()), cluster: ulid(Date.now()), clusterName: "train" }
const go = (file: string) => `until test -e ${file}; do sleep 0.02; done`

class Computer {
  readonly base: string
  readonly home: string
  readonly ref: NodeRef
  readonly #path: string

  constructor(name: string, rank: number, path = process.env.PATH!) {
    this.base = join(scratch, name, "base")
    this.home = join(scratch, name, "home")
    this.ref = { tags, rank, node: `${ulid(Date.now())}-${rank}` }
    this.#path = path
    fs.mkdirSync(this.home, { recursive: true })
  }

  async ask<M extends MachineMethod>(method: M, params: MachineMethods[M][0]): Promise<MachineMethods[M][1]> {
    const env = { HOME: this.home, PATH: this.#path, SKYD_AGENT_MINUTE_MS: "100" }
    const child = spawn(process.execPath, [agentPath, "machine", this.base], { env, stdio: ["pipe", "pipe", "inherit"] })
    child.stdin.end(JSON.stringify({ method, params }))
    let text = ""
    for await (const part of child.stdout) text += part
    const answer = JSON.parse(text)
    if ("error" in answer) throw Object.assign(new Error(answer.error.message), answer.error)
    return answer.ok
  }

  async begin(): Promise<Peer> {
    const offer = { cloud: "ssh", region: "pool", zone: null, cpus: 2, memoryGib: 4, accelerators: null }
    const { rank, node } = this.ref
    const ranks = [{ rank, address: `10.0.0.${rank + 1}` }]
    const token = node.slice(0, -2)
    await this.ask("provision", { tags, token, ranks, offer, home: this.home, survivesReboot: true, exclusive: true })
    return this.ask("installAgent", this.ref)
  }

  get folder() {
    return join(this.base, "nodes", this.ref.node)
  }
  get keys() {
    const path = join(this.home, ".ssh/authorized_keys")
    return fs.existsSync(path) ? fs.readFileSync(path, "utf8") : ""
  }
  get log() {
    return fs.readFileSync(join(this.folder, "agent/agent.log"), "utf8")
  }
  get pid() {
    return Number(fs.readFileSync(join(this.folder, "agent/pid"), "utf8").split(" ")[0])
  }
  async client() {
    return Client.open((await this.ask("agentSocket", this.ref)).socket)
  }
}

/** Clients of ssh that belong to the node, whoever started them. */
const clientsOf = ({ folder }: Computer) =>
  fs.readdirSync("/proc").filter((pid) => {
    try {
      if (!/^\d+$/.test(pid) || !fs.readFileSync(`/proc/${pid}/environ`, "utf8").includes(`SKYD_FOLDER=${folder}\0`)) return false
      return (
        fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("ssh\0") &&
        !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, "latin1"))
      )
    } catch {
      return false
    }
  })

describe.runIf(hasSshd)("a head over ssh", () => {
  // What sshd and the shell make of them must not matter.
  const head = new Computer("head", 0)
  const worker = new Computer(`work "er's" $(x)`, 1)
  let sshd: Sshd
  let peers: [Peer, Peer]
  let client: Client
  let follower: Follower
  let last = 0
  const to = (ssh: object) => [peers[0], { ...peers[1], ssh: { ...sshd.address, ...ssh } }]
  const configure = (ssh: object = {}) => client.call("configure", { peers: to(ssh) })
  const run = async (script: string, numNodes = 2) => {
    const id = ++last
    await client.call("submit", { jobs: [job(id, script, { numNodes })] })
    return id
  }
  const runs = async () => expect(await follower.fact("JobEnded", await run("true"))).toMatchObject({ status: "SUCCEEDED" })
  const says = (words: string) => eventually(() => head.log.includes(words), 20_000)

  beforeAll(async () => {
    sshd = await Sshd.of(join(scratch, "sshd"), worker.home)
    peers = [await head.begin(), await worker.begin()]
    client = await head.client()
    follower = new Follower(client)
    client.call("journal.follow", { after: 0 }, "follow").catch(() => {})
  })
  afterAll(async () => {
    for (const one of [head, worker]) await one.ask("terminate", one.ref)
    sshd.signalConnections("SIGKILL")
    await sshd.stop()
    fs.rmSync(scratch, { recursive: true, force: true })
  })

  it("is let in by a key that stays on the head, to the agent's socket and nothing else", async () => {
    fs.mkdirSync(join(worker.home, ".ssh"))
    fs.writeFileSync(join(worker.home, ".ssh/authorized_keys"), "# mine")
    const [{ publicKey }, again] = await Promise.all([head.ask("headKey", head.ref), head.ask("headKey", head.ref)])
    expect(again).toEqual({ publicKey })
    expect(await head.ask("headKey", head.ref)).toEqual({ publicKey })
    const key = join(head.folder, "agent/ssh/key")
    expect(fs.statSync(key).mode & 0o777).toBe(0o600)
    expect(fs.readdirSync(dirname(key))).toEqual(["key"])
    await worker.ask("letIn", { ...worker.ref, publicKey })
    expect(worker.keys).toMatch(/^restrict,command="[^\n]+" ssh-ed25519 \S+ skyd:\S+\n# mine$/)
    await configure()
    await runs()
    const args = [
      "-F",
      "/dev/null",
      "-i",
      key,
      "-p",
      `${sshd.address.port}`,
      "-oStrictHostKeyChecking=no",
      "-oUserKnownHostsFile=/dev/null"
    ]
    const said = execFileSync("ssh", [...args, `${sshd.address.user}@127.0.0.1`, "echo", "hello"], {
      input: "",
      stdio: ["pipe", "pipe", "ignore"]
    })
    expect(said.toString()).not.toContain("hello")
  })

  it("runs gangs, shows their logs, and has one login at the worker for all that", async () => {
    const before = sshd.log.match(/Accepted publickey/g)!.length
    const id = await run('echo "$SKYPILOT_NODE_RANK at $HOME"')
    expect(await client.call("logs", { job: id, follow: true })).toMatchObject({ status: "SUCCEEDED", returnCodes: [0, 0] })
    expect(client.output(1).toString()).toBe(`1 at ${worker.home}\n`)
    expect(sshd.log.match(/Accepted publickey/g)).toHaveLength(before)
  })

  it("finds a worker's agent again that was killed, with how its rank ended meanwhile", async () => {
    const file = join(scratch, "go")
    const id = await run(`if [ "$SKYPILOT_NODE_RANK" = 1 ]; then ${go(file)}; exit 4; fi`)
    await follower.fact("JobStarted", id)
    process.kill(worker.pid, "SIGKILL")
    await says("no agent listens on")
    fs.writeFileSync(file, "")
    await worker.ask("installAgent", worker.ref)
    expect(await follower.fact("JobEnded", id)).toMatchObject({ status: "FAILED", returnCodes: [0, 4] })
  })

  it("comes back when the link was cut, and what happened meanwhile is told", async () => {
    const file = join(scratch, "go-on")
    const id = await run(`if [ "$SKYPILOT_NODE_RANK" = 1 ]; then ${go(file)}; echo two; fi`)
    await follower.fact("JobStarted", id)
    const logs = client.call("logs", { job: id, follow: true, rank: 1 })
    await client.until(() => client.prefixes()[1])
    await sshd.cut()
    await says("Connection refused")
    fs.writeFileSync(file, "")
    await sshd.start()
    expect(await follower.fact("JobEnded", id)).toMatchObject({ status: "SUCCEEDED" })
    await logs
    expect(client.output(1).toString().endsWith("two\n")).toBe(true)
  })

  it("does not mind what a user's shell greets with", async () => {
    const path = join(worker.home, ".ssh/authorized_keys")
    const lines = worker.keys
    fs.writeFileSync(path, lines.replace('command="', 'command="echo Welcome; echo to you >&2; '))
    await configure({ host: "localhost" })
    await runs()
    fs.writeFileSync(path, lines)
  })

  it("says why a worker is not reached, and speaks to no other machine in its place", async () => {
    const hostKey = `ssh-ed25519 ${
      execFileSync("ssh-keygen", ["-y", "-f", join(head.folder, "agent/ssh/key")])
        .toString()
        .split(" ")[1]
    }`
    await configure({ hostKey: hostKey.trim() })
    await says("Host key verification failed")
    await configure({ user: "nobody-of-here" })
    await says("nobody-of-here@127.0.0.1: Permission denied (publickey")
    const waiting = await run("true")
    expect(await client.call("unreached", {})).toEqual({
      nodes: [{ rank: 1, node: worker.ref.node, why: expect.stringContaining("nobody-of-here@127.0.0.1: Permission denied (publickey") }]
    })
    await configure()
    expect(await follower.fact("JobEnded", waiting)).toMatchObject({ status: "SUCCEEDED" })
    expect(await client.call("unreached", {})).toEqual({ nodes: [] })
    await runs()
    for (const bad of [{ hostKey: "x\ny" }, { host: "" }, { host: "a b" }, { user: "" }, { port: 1.5 }])
      await expect(configure(bad)).rejects.toMatchObject({ tag: "ValueError" })
  })

  it("tries a worker that refused it again when it is told of its peers once more: it may be let in by now", async () => {
    const unreached = async () => (await client.call("unreached", {})) as { readonly nodes: ReadonlyArray<{ readonly why: string | null }> }
    const path = join(worker.home, ".ssh/authorized_keys")
    const lines = worker.keys
    // As a machine does that writes this file anew at its start.
    fs.writeFileSync(path, "# mine")
    sshd.signalConnections("SIGKILL")
    await expect.poll(async () => (await unreached()).nodes[0]?.why, { timeout: 20_000 }).toContain("Permission denied")
    fs.writeFileSync(path, lines)
    await configure()
    // What it was told before is no word on the way that it has now.
    expect((await unreached()).nodes.flatMap(({ why }) => why ?? [])).toEqual([])
    await expect.poll(unreached, { timeout: 15_000 }).toEqual({ nodes: [] })
    await runs()
  })

  it("leaves no client behind when it ends: not where its agent was killed, not where the network was cut", async () => {
    for (const isCut of [false, true]) {
      await eventually(() => clientsOf(head).length === 1, 20_000)
      if (isCut) {
        sshd.signalConnections("SIGSTOP")
        process.kill(head.pid, "SIGKILL")
      }
      await head.ask("stop", head.ref)
      expect(clientsOf(head)).toEqual([])
      if (isCut) sshd.signalConnections("SIGKILL")
      await head.ask("start", head.ref)
      await head.ask("installAgent", head.ref)
    }
  })

  it("tells its workers when it stops itself, and only then lets go of them", async () => {
    await eventually(() => clientsOf(head).length === 1, 20_000)
    await (await head.client()).call("autostop", { setting: 1, idleMinutes: 0, down: false })
    const hasEnded = ({ folder }: Computer) => fs.existsSync(join(folder, "ended"))
    await eventually(() => hasEnded(head) && hasEnded(worker) && clientsOf(head).length === 0, 20_000)
    expect(worker.keys).toContain("skyd:")
  })

  it("is not let in any more once the worker is down", async () => {
    await worker.ask("terminate", worker.ref)
    expect(worker.keys).toBe("# mine")
    await expect(worker.ask("letIn", { ...worker.ref, publicKey: "ssh-ed25519 AAAA" })).rejects.toMatchObject({ code: "Missing" })
  })
})

describe("a head without an ssh client", () => {
  it("says so in a sentence", async () => {
    const bin = join(scratch, "bin")
    fs.mkdirSync(bin, { recursive: true })
    for (const name of ["sh", "bash"]) fs.symlinkSync(`/bin/${name}`, join(bin, name))
    const head = new Computer("bare", 0, bin)
    try {
      const self = await head.begin()
      await expect(head.ask("headKey", head.ref)).rejects.toMatchObject({
        kind: "Refused",
        message: expect.stringContaining("no ssh-keygen")
      })
      const ssh = { user: "ann", host: "10.0.0.9", port: 22, hostKey: "ssh-ed25519 AAAA" }
      const other = { rank: 1, node: "n-1", address: "10.0.0.9", socket: "/nowhere.sock", ssh }
      await (await head.client()).call("configure", { peers: [self, other] })
      await eventually(() => head.log.includes("node 1 is not reached: ann@10.0.0.9, port 22: there is no ssh client on this machine"))
    } finally {
      await head.ask("terminate", head.ref)
    }
  })
})
