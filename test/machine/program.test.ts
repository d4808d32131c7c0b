/** The agent's bundle as the daemon starts it on a machine elsewhere: what it says, and how it ends. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { constants, tmpdir } from "node:os"
import { join } from "node:path"
import { ulid } from "ulid"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Claim } from "../../machine/shapes.ts"
import { agentPath } from "../contract/cloud-local-prepare.ts"

let scratch: string
let base: string
const children: Array<ChildProcessWithoutNullStreams> = []

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "skyd-p-"))
  base = join(scratch, "base")
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
  rmSync(scratch, { recursive: true, force: true })
})

const start = (...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [agentPath, ...args])
  child.stdin.on("error", () => {})
  children.push(child)
  return child
}
const ended = async (child: ChildProcessWithoutNullStreams) => {
  let [out, err] = ["", ""]
  child.stdout.on("data", (text) => (out += text))
  child.stderr.on("data", (text) => (err += text))
  const [code] = await once(child, "close")
  return { code, out, err }
}
const ask = async (text: string, at = base) => {
  const child = start("machine", at)
  child.stdin.end(text)
  const { code, out } = await ended(child)
  expect(out).toMatch(/^[^\n]+\n$/)
  return { code, answer: JSON.parse(out) }
}
const asked = async (method: string, params: unknown) => (await ask(JSON.stringify({ method, params }))).answer

const catches = (pid: number, signal: number) => {
  const mask = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]
  return (BigInt(`0x${mask}`) >> BigInt(signal - 1)) % 2n === 1n
}

describe("agent.cjs machine", () => {
  it("takes a line for the question, and does not wait for the end of what it is told", async () => {
    const child = start("machine", base)
    child.stdin.write('{"method":"query","params":{"nodes":[]}}\n')
    expect(await ended(child)).toMatchObject({ code: 0, out: '{"ok":[]}\n' })
  })

  it.each([
    ["nothing", "", "BadQuestion"],
    ["no JSON", "query", "BadQuestion"],
    ["no question", "[1]", "BadQuestion"],
    ["a method that it has not", '{"method":"toString"}', "UnknownMethod"],
    ["parameters that are none", '{"method":"query"}', expect.any(String)]
  ])("answers in one line also when it is asked %s", async (_, text, code) => {
    const { code: exit, answer } = await ask(text)
    expect(answer).toMatchObject({ error: { kind: expect.stringMatching(/^(Refused|Transient)$/), code, message: expect.any(String) } })
    expect(exit).toBe(0)
  })

  it("says what the system said when it cannot have its folder", async () => {
    const { code, answer } = await ask('{"method":"query","params":{"nodes":[]}}', "/dev/null/base")
    expect(answer).toMatchObject({ error: { kind: "Transient", code: "ENOTDIR" } })
    expect(code).toBe(0)
  })

  it("refuses a folder below which nobody could listen", async () => {
    const { answer } = await ask('{"method":"query","params":{"nodes":[]}}', join(scratch, "x".repeat(100)))
    expect(answer).toMatchObject({ error: { kind: "Refused", code: "PathTooLong" } })
  })

  it("says how it is called when it is called otherwise", async () => {
    for (const args of [[], ["machine"], ["connect"], ["machine", "a", "b"], ["other", "a"]]) {
      expect(await ended(start(...args))).toMatchObject({ code: 2, out: "", err: expect.stringContaining("usage: agent.cjs") })
    }
  })

  it("runs a node with its own program, which outlives the question; and gives up on a hanging one when it is told", async () => {
    const offer = { cloud: "ssh", region: "pool", zone: null, cpus: 2, memoryGib: 4, accelerators: null }
    const tags = { log: ulid(), cluster: ulid(), clusterName: "train" }
    const home = join(scratch, "home")
    mkdirSync(home)
    const claim: Claim = { tags, token: ulid(), ranks: [{ rank: 0, address: "::1" }], offer, home, survivesReboot: true, exclusive: true }
    const [{ node }] = (await asked("provision", claim)).ok
    const ref = { tags, rank: 0, node }
    try {
      await asked("installAgent", ref)
      const pid = Number(readFileSync(join(base, "nodes", node, "agent/pid"), "utf8").split(" ")[0])
      const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
      expect(args.slice(1, 3)).toEqual([agentPath, join(base, "nodes", node)])
      expect(existsSync(join(home, "sky_workdir"))).toBe(true)
      process.kill(pid, "SIGSTOP")
      const child = start("machine", base)
      child.stdin.end(JSON.stringify({ method: "installAgent", params: ref }))
      const answer = ended(child)
      await once(child, "spawn")
      // Node itself catches the others.
      while (!catches(child.pid!, constants.signals.SIGHUP)) await new Promise(setImmediate)
      child.kill("SIGTERM")
      expect(JSON.parse((await answer).out)).toMatchObject({ error: { kind: "Transient", code: "GivenUp" } })
    } finally {
      expect(await asked("terminate", ref)).toEqual({ ok: {} })
    }
  })
})

describe("agent.cjs connect", () => {
  let server: Server
  const listen = async (onConnection: (socket: Socket) => void) => {
    const path = join(scratch, "a.sock")
    server = createServer((socket) => {
      socket.on("error", () => {})
      onConnection(socket)
    })
    server.listen(path)
    await once(server, "listening")
    return path
  }
  afterEach(() => server?.close())

  it("says that no agent listens, and ends otherwise than for another reason", async () => {
    for (const path of [join(scratch, "none.sock"), join(scratch, "no/folder/a.sock")]) {
      expect(await ended(start("connect", path))).toEqual({ code: 1, out: "", err: expect.stringMatching(/^no agent listens on /) })
    }
    expect(await ended(start("connect", "/etc/hostname/a.sock"))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^no connection to /)
    })
  })

  it("says that it stands, and carries every byte both ways", async () => {
    const sent = randomBytes(8 * 1024 * 1024)
    const child = start("connect", await listen((socket) => socket.pipe(socket)))
    const hash = createHash("sha256")
    let [size, err] = [0, ""]
    child.stderr.on("data", (text) => (err += text))
    child.stdout.on("data", (part: Buffer) => {
      hash.update(part)
      size += part.length
      if (size === sent.length) child.stdin.end()
    })
    child.stdin.write(sent)
    expect((await once(child, "close"))[0]).toBe(0)
    expect(err).toBe("connected\n")
    expect(hash.digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"))
  })

  it("ends when the agent ends, and gives what that had said", async () => {
    const last = "x".repeat(1024 * 1024)
    expect(await ended(start("connect", await listen((socket) => socket.end(last))))).toMatchObject({ code: 0, out: last })
  })

  it("ends when we end, also when the agent does not", async () => {
    const child = start("connect", await listen((socket) => socket.pause()))
    await once(child.stderr, "data")
    child.stdin.end()
    expect(await ended(child)).toMatchObject({ code: 0 })
  })

  it("ends when nobody reads it any more", async () => {
    let agent: Socket | undefined
    const child = start("connect", await listen((socket) => (agent = socket)))
    await once(child.stderr, "data")
    child.stdout.destroy()
    const gone = once(child, "exit")
    agent!.write("x".repeat(1024))
    expect((await gone)[0]).toBe(0)
  })

  it("reaches a socket whose path is longer than one may be", async () => {
    const folder = join(scratch, "long".repeat(40))
    mkdirSync(folder)
    server = createServer((socket) => socket.end("here"))
    const long = join(folder, "a.sock")
    const short = join(scratch, "b.sock")
    server.listen(short)
    await once(server, "listening")
    renameSync(short, long)
    expect(await ended(start("connect", long))).toMatchObject({ code: 0, out: "here" })
  })
})
