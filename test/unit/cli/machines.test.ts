/** One's own machines on the command line: which clouds can be used, and who has which machine. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { beforeAll, describe, expect, it } from "vitest"
import { type Answers, fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})
const run = async (answers: Answers, ...argv: ReadonlyArray<string>) => {
  await using daemon = await fakeDaemon(answers)
  return { ...(await sky(dist, daemon.home, argv)), asked: daemon.asked }
}
/** What a terminal of that width shows. */
const onTerminal = async (answers: Answers, columns: number, ...argv: ReadonlyArray<string>) => {
  await using daemon = await fakeDaemon(answers)
  const line = `stty cols ${columns}; exec ${process.execPath} ${dist}/sky.cjs ${argv.join(" ")}`
  const env = { ...process.env, LANG: "C.UTF-8", LC_ALL: "C.UTF-8", SKYD_HOME: daemon.home, NO_COLOR: "1", SHELL: "/bin/sh" }
  const { stdout } = await promisify(execFile)("script", ["-qec", line, "/dev/null"], { env })
  return stdout.replaceAll("\r", "")
}

const free = {
  pool: "rack",
  host: "10.0.0.4",
  status: "free",
  clusterName: null,
  reason: null,
  cpus: 16,
  memoryGib: 64,
  accelerators: { name: "A100", count: 1 },
  node: "v22.21.1",
  warnings: [] as ReadonlyArray<string>
}
const leased = {
  ...free,
  host: "gpu-box",
  status: "leased",
  clusterName: "train",
  reason: "leased by 'train'",
  accelerators: null,
  node: null,
  warnings: ["after a restart its agent waits until this daemon reaches it"]
}
const unknown = { cpus: null, memoryGib: null, accelerators: null, node: null, warnings: [] }
const lost = { ...free, host: "10.0.0.5", status: "unreachable", reason: "no route", ...unknown }
const away = { ...lost, host: "10.0.0.7", clusterName: "eval", reason: "no answer" }
const full = { ...free, host: "10.0.0.8", status: "unusable", reason: "there is no room on its disk" }

const shared = { ...leased, host: "10.0.0.6", clusterName: null, reason: "it shares its home with 10.0.0.4", warnings: [] }

const local = { cloud: "local", enabled: true, reason: null, warnings: [] }
const ssh = { cloud: "ssh", enabled: true, reason: null, warnings: ["/x holds a password, and others can read it: chmod 600 /x"] }
const answers = (machines: ReadonlyArray<object>, clouds: ReadonlyArray<object> = [local, ssh]): Answers => ({
  check: (_, reply) => reply.result({ clouds }),
  "ssh.list": (_, reply) => reply.result({ machines, warnings: ssh.warnings })
})

const table = `POOL  HOST      STATUS           CPUs  MEM(GB)  GPUS    NODE
rack  10.0.0.4  free               16       64  A100:1  v22.21.1
rack  gpu-box   leased by train    16       64  -       -
       └ after a restart its agent waits until this daemon reaches it
rack  10.0.0.5  unreachable         -        -  -       -
       └ no route
rack  10.0.0.6  leased             16       64  -       -
       └ it shares its home with 10.0.0.4
`

describe("sky ssh ls", () => {
  it("shows each machine, who has it, what should be known of it, and why one is not reached", async () => {
    expect(await run(answers([free, leased, lost, shared]), "ssh", "ls", "rack")).toMatchObject({
      code: 0,
      out: table,
      err: `✗ ${ssh.warnings[0]}\n`,
      asked: [{ params: { pool: "rack" } }]
    })
  })
  it("says why, whole, however narrow the terminal is, and what each machine has", async () => {
    const reason =
      "permission denied (publickey): nobody@10.0.0.5:22 with the key /home/bob/.ssh/id_ed25519. Let the key in with ssh-copy-id"
    expect(
      await onTerminal(answers([free, leased, { ...lost, reason }]), 53, "ssh", "ls")
    ).toBe(`✗ /x holds a password, and others can read it: chmod
  600 /x
POOL  HOST      STATUS           CPUs  GPUS
rack  10.0.0.4  free               16  A100:1
rack  gpu-box   leased by train    16  -
       └ after a restart its agent waits until this
         daemon reaches it
rack  10.0.0.5  unreachable         -  -
       └ permission denied (publickey):
         nobody@10.0.0.5:22 with the key
         /home/bob/.ssh/id_ed25519. Let the key in
         with ssh-copy-id
`)
  })
  it("says why a machine is away that a cluster has, and why one that is reached cannot be used", async () => {
    expect((await run(answers([away, full]), "ssh", "ls")).out).toBe(`POOL  HOST      STATUS       CPUs  MEM(GB)  GPUS    NODE
rack  10.0.0.7  unreachable     -        -  -       -
       └ leased by eval
       └ no answer
rack  10.0.0.8  unusable       16       64  A100:1  v22.21.1
       └ there is no room on its disk
`)
  })
  it("gives them as JSON", async () => {
    expect(JSON.parse((await run(answers([free]), "ssh", "ls", "-o", "json")).out)).toEqual([free])
  })
  it("does nothing else", async () => {
    for (const words of [[], ["up"], ["ls", "a", "b"]]) expect((await run({}, "ssh", ...words)).code).toBe(2)
  })
})

describe("sky check", () => {
  it("says what can be used, of each machine how it is, and what should be mended", async () => {
    const { code, out } = await run(answers([free, leased, lost, shared]), "check")
    const [first, second, third, ...rest] = out.split("\n")
    expect([code, first, second, third]).toEqual([0, "local: enabled (this machine)", "ssh: enabled (4 machines)", `  ${ssh.warnings[0]}`])
    expect(rest.join("\n")).toBe(table.replaceAll(/^(?=.)/gm, "  "))
  })
  it("says why a cloud cannot be used, and asks no machine then", async () => {
    const off = { ...ssh, enabled: false, reason: "there is no file", warnings: [] }
    const { asked, code, out } = await run(answers([], [local, off]), "check")
    expect([code, out, asked.length]).toEqual([0, "local: enabled (this machine)\nssh: disabled, there is no file\n", 1])
    expect((await run(answers([], [off]), "check", "ssh")).code).toBe(1)
  })
  it("fails for a cloud that is named and not whole", async () => {
    const failed = await run(answers([free, lost, full], [ssh]), "check", "ssh")
    expect([failed.code, failed.err]).toEqual([1, "✗ 2 of 3 machines cannot be used: 10.0.0.5, 10.0.0.8.\n"])
    expect((await run(answers([free, leased], [ssh]), "check", "ssh")).code).toBe(0)
    const both = await run(answers([free], [local, ssh]), "check", "local", "ssh")
    expect([both.code, both.asked[0]!.params]).toEqual([0, { clouds: ["local", "ssh"] }])
  })
  it("says as whom each is used, where that is asked", async () => {
    const aws = { cloud: "aws", enabled: true, reason: null, warnings: [], identity: ["AIDA1", "123456789012"] }
    const { asked, out } = await run(answers([], [local, aws]), "check", "-v")
    expect([out, asked[0]!.params]).toEqual(["local: enabled (this machine)\naws: enabled\n  as AIDA1, 123456789012\n", { identity: true }])
  })
  it("counts one that is in several pools once", async () => {
    const again = [free, lost].map((machine) => ({ ...machine, pool: "other" }))
    const { err, out } = await run(answers([free, lost, ...again], [ssh]), "check", "ssh")
    expect([out.split("\n")[0], err]).toEqual(["ssh: enabled (2 machines)", "✗ 1 of 2 machines cannot be used: 10.0.0.5.\n"])
  })
  it("gives all of it as JSON, by cloud", async () => {
    const { cloud: _, ...rest } = ssh
    const { out } = await run(answers([free]), "check", "-o", "json")
    expect(JSON.parse(out)).toEqual({ local: { enabled: true, reason: null, warnings: [] }, ssh: { ...rest, machines: [free] } })
  })
})

describe("sky show-gpus", () => {
  const rack = { cloud: "ssh", region: "rack", accelerator: "A100", counts: [1, 8], total: 17, free: 9 }
  const known = (own: ReadonlyArray<object>, ownReason: string | null = null): Answers => ({
    "gpus.list": (_, reply) => reply.result({ gpus: [], own, ownReason, prices: [] })
  })
  it("shows what one's own machines have and what of it is free, by pool, and says where there may be more", async () => {
    const { asked, err, out } = await run(known([rack], "1 of 4 machines is not reached"), "show-gpus", "--infra", "ssh/rack")
    expect(asked).toMatchObject([{ params: { cloud: "ssh", region: "rack" } }])
    expect([out, err]).toEqual([
      "YOUR_GPU  POOL  PER_MACHINE  TOTAL  FREE\nA100      rack  1, 8            17     9\n\n",
      "Of your own machines there may be more: 1 of 4 machines is not reached. sky ssh ls\n"
    ])
    expect(JSON.parse((await run(known([rack]), "gpus", "list", "--cloud", "ssh", "-o", "json")).out)).toEqual([rack])
  })
  it("says that they have none", async () => {
    expect((await run(known([]), "show-gpus", "--infra", "ssh")).err).toBe(
      "Your machines that answer have no accelerators. See: sky ssh ls\n"
    )
    expect((await run({}, "show-gpus", "--infra", "ssh", "--cloud", "ssh")).code).toBe(2)
    expect((await run({}, "show-gpus", "--infra", "nowhere")).code).toBe(2)
  })
})
