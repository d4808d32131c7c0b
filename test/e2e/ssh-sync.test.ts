/** What is sent to machines behind OpenSSH, beside what rsync makes of the same there. */
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import * as fc from "fast-check"
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest"
import type { Cloud, NodeRef } from "../../daemon/clouds/Cloud.ts"
import * as SshCloud from "../../daemon/clouds/ssh/SshCloud.ts"
import { Connections } from "../../daemon/remote/Connections.ts"
import { connect } from "../../daemon/remote/connect.ts"
import { listFiles } from "../../daemon/sync/list-files.ts"
import type { PutProgress } from "../../daemon/sync/SyncTold.ts"
import { send } from "../../daemon/sync/send.ts"
import { agentPath } from "../contract/cloud-local-prepare.ts"
import { makeTags, makeToken } from "../contract/cloud-nodes.ts"
import { slowLineTo } from "../fakes/slow-line.ts"
import { keyPair } from "../fakes/ssh-keys.ts"
import { everything } from "../machine/receiving.ts"
import { write } from "../unit/sync/tree.ts"
import { attempt, describeWithMachines } from "./netns.ts"
import { SshMachine } from "./sshd.ts"

const hasRsync = attempt("rsync", "--version")
if (!hasRsync) console.warn("\n*** SKIPPED: what is sent beside rsync needs rsync (apt-get install rsync) ***\n")

describeWithMachines("what is sent to a machine", () => {
  const pair = keyPair("user")
  const folder = mkdtempSync("/tmp/ssh-sync-")
  const from = join(folder, "from")
  const key = join(folder, "id")
  const scope = Effect.runSync(Scope.make())
  let machine: SshMachine
  let cloud: Cloud
  let ref: NodeRef
  beforeAll(async () => {
    machine = await SshMachine.start([pair])
    writeFileSync(key, pair.private, { mode: 0o600 })
    writeFileSync(join(folder, "ssh_node_pools.yaml"), `rack:\n  user: node\n  identity_file: ${key}\n  hosts: [${machine.address}]\n`)
    mkdirSync(from)
    const context = await Effect.runPromise(Layer.buildWithScope(Connections.layer({ deadAfterMs: 3000 }), scope))
    cloud = await Effect.runPromise(SshCloud.make({ home: folder, agentPath, connections: Context.get(context, Connections) }))
    const [offer] = (await Effect.runPromise(cloud.offers({}))).offers
    const tags = makeTags()
    const [node] = await Effect.runPromise(cloud.provision({ tags, token: makeToken(), ranks: [0], offer: offer! }))
    ref = { tags, region: offer!.region, zone: null, ...node! }
  }, 60_000)
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await machine?.end()
    rmSync(folder, { recursive: true, force: true })
  })

  const put = (target: string, onProgress?: (progress: PutProgress) => void) =>
    Effect.runPromise(
      cloud.put(
        ref,
        Effect.map(listFiles(from), (files) => ({ files, folder: target })),
        onProgress
      )
    )
  const clear = (root: string) => {
    for (const each of existsSync(root) ? readdirSync(root) : []) rmSync(join(root, each), { recursive: true })
  }
  const home = (...names: ReadonlyArray<string>) => join(machine.home, ...names)
  const incoming = () => home(".skyd-node/nodes", ref.node, "home.incoming")
  const staged = () => readdirSync(incoming())
  const rsync = (target: string) => {
    const ssh = `ssh -i ${key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`
    const rules = ["--filter=dir-merge,- .gitignore"]
    execFileSync("rsync", ["-a", ...rules, "-e", ssh, `${from}/`, `node@${machine.address}:${target}/`], { stdio: "inherit" })
  }

  it.skipIf(!hasRsync)(
    "is what rsync -a brings there with the filter of a .gitignore, and again when it has changed",
    { timeout: 240_000 },
    async () => {
      const name = fc.constantFrom("a", "b", "c d", "\u00fc", "x\ny", "-f", "..x", "*", "x.log", "cache", "\u{1f680}", "'\"\\")
      const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"))
      const entry = fc.record({
        path,
        kind: fc.constantFrom("file", "file", "file", "folder", "link", "rules"),
        size: fc.constantFrom(0, 1, 7, 65_536, 1_300_000),
        mode: fc.constantFrom(0o600, 0o644, 0o755, 0o444, 0o2755),
        mtime: fc.integer({ min: 0, max: 2_000_000_000 }),
        to: fc.constantFrom("a", "../b", "/etc/hostname", "gone", ".", "../..")
      })
      const rules = fc.constantFrom("*.log\n", "/cache\n", "cache/\n", "# none\n\nb\n")
      const grow = (entries: ReadonlyArray<typeof entry extends fc.Arbitrary<infer A> ? A : never>, rule: string) => {
        for (const { kind, mode, mtime, path, size, to } of entries) {
          const absolute = join(from, path)
          try {
            mkdirSync(join(absolute, ".."), { recursive: true })
            if (kind === "folder") mkdirSync(absolute, { mode: mode | 0o500 })
            else if (kind === "link") symlinkSync(to, absolute)
            else if (kind === "rules") {
              writeFileSync(join(absolute, "../.gitignore"), rule)
              // For rsync two of one second are the same.
              utimesSync(join(absolute, "../.gitignore"), mtime, mtime)
            } else {
              rmSync(absolute, { force: true })
              writeFileSync(absolute, Buffer.alloc(size, path))
              chmodSync(absolute, mode)
              utimesSync(absolute, mtime, mtime)
            }
          } catch {
            // Below a file, or in the place of something.
          }
        }
      }
      const entries = (maxLength: number) => fc.array(entry, { maxLength })
      await fc.assert(
        fc.asyncProperty(entries(14), entries(6), rules, async (first, second, rule) => {
          for (const root of [from, home("ours"), home("theirs")]) clear(root)
          for (const some of [first, second]) {
            grow(some, rule)
            await put("ours")
            rsync("theirs")
            expect(everything(home("ours"))).toEqual(everything(home("theirs")))
          }
          expect(staged()).toEqual([])
        }),
        { numRuns: 10 }
      )
    }
  )

  it("goes on with what is missing after the line was cut in the middle, and leaves nothing half there", async () => {
    clear(from)
    for (let i = 0; i < 40; i++) writeFileSync(join(from, `f${i}`), Buffer.alloc(2_000_000, String(i)))
    let cut = false
    const sending = put("cut", ({ bytes }) => {
      if (!cut && bytes > 10_000_000) machine.cut()
      cut ||= bytes > 10_000_000
    })
    await expect(sending).rejects.toThrow()
    machine.heal()
    const there = Object.keys(everything(home("cut")))
    expect([cut, there.length > 0, there.length < 40]).toEqual([true, true, true])
    const wanted: Array<number> = []
    await put("cut", ({ ofBytes }) => wanted.push(ofBytes))
    expect(wanted[0]).toBeLessThan(80_000_000)
    expect(everything(home("cut"))).toEqual(everything(from))
    expect(staged()).toEqual([])
  })

  it("comes to the same when two send it at once, and at the worst one of them says that it was overtaken", async () => {
    clear(from)
    for (let i = 0; i < 300; i++) write(from, { [`d${i % 7}/f${i}`]: String(i) })
    const both = await Promise.allSettled([put("both"), put("both")])
    expect(both.map(({ status }) => status)).toContain("fulfilled")
    for (const one of both) if (one.status === "rejected") expect(one.reason).toMatchObject({ kind: "Transient", code: "Overtaken" })
    await put("both")
    expect(everything(home("both"))).toEqual(everything(from))
    expect(staged()).toEqual([])
  })

  it("has every byte of what is far more than is on its way at once", async () => {
    for (const name of ["one", "two"]) writeFileSync(join(from, name), randomBytes(24_000_000))
    await put("much")
    expect(everything(home("much"))).toEqual(everything(from))
  })

  it("is told of as it arrives there, not as it leaves here", async () => {
    clear(from)
    writeFileSync(join(from, "large"), Buffer.alloc(3_000_000))
    const port = await slowLineTo(machine.address, 22)
    const connection = await connect(machine.target({ identityFiles: [key], host: "127.0.0.1", port }))
    onTestFinished(() => connection.close())
    const base = "/home/node/.skyd-node"
    const agent = `${base}/agent/${readdirSync(home(".skyd-node/agent"))[0]}`
    const line = await connection.open([process.execPath, agent, "receive", base])
    const told: Array<number> = []
    const onProgress = ({ bytes }: PutProgress) => {
      const half = readdirSync(incoming(), { recursive: true, encoding: "utf8" }).find((path) => path.includes("/"))
      const there = half === undefined ? undefined : statSync(join(incoming(), half), { throwIfNoEntry: false })
      told.push(bytes)
      expect(there?.size ?? bytes).toBeGreaterThanOrEqual(bytes)
    }
    const files = await Effect.runPromise(listFiles(from))
    await send(line, ref, { files, folder: "slow" }, { signal: new AbortController().signal, onProgress })
    expect(everything(home("slow"))).toEqual(everything(from))
    expect([told[0], told.at(-1)]).toEqual([0, 3_000_000])
    expect(told.length).toBeGreaterThan(8)
  })
})
