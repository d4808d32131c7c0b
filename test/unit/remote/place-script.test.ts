/** The scripts that look at a machine and put programs there, under each shell that is `sh` somewhere, and in homes as they are found. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { describe, expect, it, onTestFinished } from "vitest"
import { addressFor } from "../../../daemon/remote/addresses.ts"
import { groundScript, readGround } from "../../../daemon/remote/ground.ts"
import { doesNotRun, fetchScript, notFetched, pushScript } from "../../../daemon/remote/place-script.ts"
import { NodeMirror } from "../../fakes/node-mirror.ts"
import { find, programs, runIn, type Shell, shells } from "../../fakes/shells.ts"

const homeNow = () => mkdtempSync(join(tmpdir(), "a home'"))
const nodeIn = (home: string) => join(home, ".skyd-node/node/v99.1.0/bin/node")
const inside = (home: string) =>
  readdirSync(join(home, ".skyd-node"), { recursive: true, withFileTypes: true }).filter((one) => !one.isDirectory())
const program = Buffer.from("#!/bin/sh\necho v99.1.0\n")
const mirrorNow = async () => {
  const mirror = await NodeMirror.start()
  onTestFinished(() => mirror.stop())
  return mirror
}
const push = (shell: Shell, home: string, { input = program, packing = "plain", size = program.length, runs = "runs" }) =>
  runIn(shell, home, pushScript, [nodeIn(home), packing, String(size), runs], input)
const fetch = (shell: Shell, home: string, { build: { member, sha256, url } }: NodeMirror) =>
  runIn(shell, home, fetchScript, [nodeIn(home), url, sha256, member])

it.each([
  [{ address: "10.0.0.7", otherAddresses: ["10.0.0.8"] }, "box", "10.0.0.7"],
  [{ address: null, otherAddresses: ["10.0.0.8"] }, "box", "box"],
  [{ address: null, otherAddresses: ["10.0.0.8"] }, "localhost", "10.0.0.8"],
  [{ address: "127.0.0.1", otherAddresses: ["10.0.0.8"] }, "box", "10.0.0.8"],
  [{ address: "::1", otherAddresses: ["10.0.0.8"] }, "box", "10.0.0.8"],
  [{ address: "fe80::1", otherAddresses: [] }, "box", null],
  [{ address: "127.0.1.1", otherAddresses: [] }, "box", null]
])("of %o, connected to as %s, others reach %s", (ground, host, address) => expect(addressFor(ground, host)).toBe(address))

it("GPUs whose driver takes its time are there all the same", async () => {
  const [home, [shell]] = [homeNow(), shells]
  writeFileSync(join(home, "nvidia-smi"), "#!/bin/sh\nsleep 6.5\necho 'NVIDIA L4, [N/A]'\n", { mode: 0o755 })
  const { stdout } = await runIn({ ...shell!, path: `${home}:${shell!.path}` }, home, groundScript, ["", "0"])
  expect(readGround(stdout)).toMatchObject({ accelerators: { name: "L4", count: 1 }, trouble: null })
}, 20_000)

describe.each(shells)("under $name", (shell) => {
  it("a machine says what it is, and which Node and which file of ours it has", async () => {
    const home = homeNow()
    const look = async (digest: string, size: number) => readGround((await runIn(shell, home, groundScript, [digest, String(size)])).stdout)
    expect(await look("", 0)).toMatchObject({ home, os: process.platform, arch: process.arch, hasAgent: false, lease: null })
    mkdirSync(dirname(nodeIn(home)), { recursive: true })
    writeFileSync(nodeIn(home), program, { mode: 0o755 })
    mkdirSync(join(home, ".skyd-node/agent"))
    writeFileSync(join(home, ".skyd-node/agent/abc.cjs"), "12345")
    expect(await look("abc", 5)).toMatchObject({ node: nodeIn(home), nodeVersion: "v99.1.0", hasAgent: true })
    // Half of one is none.
    expect((await look("abc", 6))!.hasAgent).toBe(false)
    writeFileSync(nodeIn(home), program.subarray(0, 5))
    expect((await look("abc", 5))!.node).not.toBe(nodeIn(home))
  })

  it("a machine says who has it, and what its owner should know of that node", async () => {
    const home = homeNow()
    const look = async () => readGround((await runIn(shell, home, groundScript, ["", "0"])).stdout)!
    const base = join(home, ".skyd-node")
    mkdirSync(join(base, "lease"), { recursive: true })
    const lease = { log: "l", cluster: "c", clusterName: "train", node: "n", rank: 0, address: "10.0.0.1" }
    writeFileSync(join(base, "lease/n"), JSON.stringify(lease, null, 2))
    expect(await look()).toMatchObject({ lease: { clusterName: "train" }, warnings: [], isEnded: false })
    const text = JSON.stringify({ by: null, warnings: ['it\'s 100% \\ "odd"'] })
    writeFileSync(join(base, "comes-back.json"), `${text}\n`)
    expect((await look()).warnings).toEqual(['it\'s 100% \\ "odd"'])
    writeFileSync(join(base, "comes-back.json"), text.slice(0, 20))
    expect((await look()).warnings).toEqual([])
  })

  it("a machine says by which other addresses it is reached, its default route's first", async () => {
    const home = homeNow()
    const look = async (ip: string, names: string) => {
      writeFileSync(join(home, "ip"), `#!/bin/sh\n${ip}\n`, { mode: 0o755 })
      writeFileSync(join(home, "hostname"), `#!/bin/sh\n${names}\n`, { mode: 0o755 })
      const { stdout } = await runIn({ ...shell, path: `${home}:${shell.path}` }, home, groundScript, ["", "0"])
      return readGround(stdout)!.otherAddresses
    }
    const routed = "printf '192.0.2.1 via 10.0.0.1 dev eth0 src 10.0.0.7 uid 0 \\n    cache \\n'"
    expect(await look(routed, "echo '172.17.0.1 10.0.0.7 fd00::2 '")).toEqual(["10.0.0.7", "172.17.0.1", "10.0.0.7", "fd00::2"])
    expect(await look("exit 2", "echo '127.0.1.1 ::1 169.254.3.4 fe80::2 10.0.0.8'")).toEqual(["10.0.0.8"])
    expect(await look("exit 2", "exit 1")).toEqual([])
  })

  it.each([
    ["plain", program],
    ["gzip", gzipSync(program)],
    ["zstd", zstdCompressSync(program)]
  ])("what is pushed %s lands whole, and for nobody else", async (packing, input) => {
    if (packing === "zstd" && (shell.name === "busybox" || find("zstd") === undefined)) return
    const home = homeNow()
    expect(await push(shell, home, { input, packing })).toEqual({ code: 0, stdout: "", stderr: "" })
    expect(readFileSync(nodeIn(home))).toEqual(program)
    expect(statSync(nodeIn(home)).mode & 0o777).toBe(0o700)
    expect(statSync(join(home, ".skyd-node")).mode & 0o077).toBe(0)
    expect(inside(home)).toHaveLength(1)
  })

  it.each([
    ["plain", program.subarray(0, 10)],
    ["gzip", gzipSync(program).subarray(0, 20)]
  ])("of what breaks off on its way, %s, nothing is left", async (packing, input) => {
    const home = homeNow()
    const { code, stderr } = await push(shell, home, { input, packing })
    expect([code, stderr]).toEqual([1, expect.stringMatching(/broke before its end|unexpected end|corrupted|short read|eof/i)])
    expect(inside(home)).toEqual([])
  })

  it("what does not run there does not stay, and the machine's own words say why", async () => {
    const home = homeNow()
    const input = Buffer.from("#!/bin/sh\necho 'libc.so.6: version `GLIBC_2.28 is not found' >&2; exit 1\n")
    const { code, stderr } = await push(shell, home, { input, size: input.length })
    expect([code, stderr]).toEqual([doesNotRun, "it does not run there: libc.so.6: version `GLIBC_2.28 is not found\n"])
    const foreign = Buffer.from("#!/no/such/loader\n")
    expect((await push(shell, home, { input: foreign, size: foreign.length })).code).toBe(doesNotRun)
    expect(inside(home)).toEqual([])
  })

  it("what a power cut left is swept by who comes an hour later, and what is just being made is not", async () => {
    const home = homeNow()
    mkdirSync(dirname(nodeIn(home)), { recursive: true })
    const [old, young] = [`${nodeIn(home)}.1.new`, `${nodeIn(home)}.2.new`]
    for (const path of [old, young]) writeFileSync(path, "half")
    mkdirSync(`${old}.d`)
    for (const path of [old, `${old}.d`]) utimesSync(path, Date.now() / 1000 - 7200, Date.now() / 1000 - 7200)
    expect((await push(shell, home, {})).code).toBe(0)
    expect([old, `${old}.d`, young].map(existsSync)).toEqual([false, false, true])
  })

  it("two at once do not meet", async () => {
    const home = homeNow()
    const mirror = await mirrorNow()
    const all = await Promise.all([push(shell, home, {}), push(shell, home, {}), fetch(shell, home, mirror), fetch(shell, home, mirror)])
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(inside(home)).toHaveLength(1)
  })

  it("a build is fetched from a mirror, and is the pinned one or none", async () => {
    const home = homeNow()
    const mirror = await mirrorNow()
    expect(await fetch(shell, home, mirror)).toMatchObject({ code: 0, stdout: "" })
    expect(mirror.asked[0]).toBe(`/dist/v99.1.0/node-v99.1.0-${process.platform}-${process.arch}.tar.gz`)
    expect(readFileSync(nodeIn(home))).toEqual(program)
    expect(inside(home)).toHaveLength(1)
    const other = homeNow()
    mirror.archive = Buffer.concat([mirror.archive!, Buffer.from("\n")])
    const { code, stderr } = await fetch(shell, other, mirror)
    expect([code, stderr]).toEqual([notFetched, `${mirror.build.url} is not what is pinned: its SHA-256 is another\n`])
    mirror.archive = null
    const missing = await fetch(shell, other, mirror)
    expect([missing.code, missing.stderr]).toEqual([notFetched, expect.stringMatching(/404/)])
    expect(inside(other)).toEqual([])
  })

  it("a home that takes nothing is told by its own words", async () => {
    const home = homeNow()
    writeFileSync(join(home, ".skyd-node"), "")
    expect(await push(shell, home, {})).toMatchObject({ code: 6, stderr: expect.stringContaining(".skyd-node is no folder: move it away") })
  })

  it("our folder may be a link to another disk; one that leads nowhere is named", async () => {
    const [home, disk] = [homeNow(), homeNow()]
    symlinkSync(disk, join(home, ".skyd-node"))
    expect((await push(shell, home, {})).code).toBe(0)
    expect(existsSync(join(disk, "node/v99.1.0/bin/node"))).toBe(true)
    const lost = homeNow()
    symlinkSync(join(disk, "no"), join(lost, ".skyd-node"))
    expect(await push(shell, lost, {})).toMatchObject({
      code: 6,
      stderr: expect.stringContaining(`${lost}/.skyd-node is a link that leads nowhere: `)
    })
  })
})

const basics = ["sh", "mkdir", "find", "rm", "chmod", "sync", "mv", "sed", "tail", "tar", "gzip", "cat", "wc"]
const posix = shells[0]!

describe("a build", () => {
  it.each(
    [
      ["curl", "sha256sum"],
      ["wget", "sha256sum"],
      ["curl", "shasum", "perl"],
      ["curl", "openssl"]
    ].filter((tools) => tools.every(find))
  )("is fetched with %s, and its SHA-256 taken by %s", async (...tools) => {
    const home = homeNow()
    const mirror = await mirrorNow()
    const ran = await fetch({ ...posix, path: programs(...basics, ...tools), command: ["/bin/sh"] }, home, mirror)
    expect(ran).toMatchObject({ code: 0 })
    expect(readFileSync(nodeIn(home))).toEqual(program)
  })

  it.each([
    ["neither curl nor wget", ["sha256sum"], /neither curl nor wget/],
    ["nothing that tells a SHA-256", ["curl"], /nothing that tells a SHA-256/]
  ])("is not fetched where there is %s, and that is said", async (_, tools, said) => {
    const home = homeNow()
    const ran = await fetch({ ...posix, path: programs(...basics, ...tools), command: ["/bin/sh"] }, home, await mirrorNow())
    expect([ran.code, ran.stderr]).toEqual([notFetched, expect.stringMatching(said)])
    expect(inside(home)).toEqual([])
  })

  it("lands in a folder of ours, whoever may write to others there", async () => {
    const home = homeNow()
    chmodSync(home, 0o777)
    await fetch(posix, home, await mirrorNow())
    expect(statSync(dirname(nodeIn(home))).mode & 0o077).toBe(0)
  })
})
