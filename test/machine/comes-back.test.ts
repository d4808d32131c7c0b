/** The agent of a node comes back after a restart of its machine: what the system is told for that, and that nothing of it stays. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ulid } from "ulid"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { lineFor } from "../../machine/crontab.ts"
import type { Claim, NodeRef } from "../../machine/shapes.ts"
import { unitFor } from "../../machine/systemd.ts"
import { agentPath } from "../contract/cloud-local-prepare.ts"
import { crontab } from "../fakes/crontab.ts"

let scratch: string
let base: string
let home: string
let agent: string
let cron: ChildProcess
let ref: NodeRef

const program = (name: string, text: string) => writeFileSync(join(scratch, "bin", name), text, { mode: 0o755 })

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "b 'k "))
  home = join(scratch, "home")
  base = join(home, ".skyd-node")
  agent = join(base, "agent/abc.cjs")
  for (const folder of ["bin", "home/.skyd-node/agent"]) mkdirSync(join(scratch, folder), { recursive: true })
  copyFileSync(agentPath, agent)
  program("crontab", crontab)
  program("loginctl", "#!/bin/sh\necho 'Access denied' >&2\nexit 1\n")
  copyFileSync("/bin/sleep", join(scratch, "bin/cron"))
  chmodSync(join(scratch, "bin/cron"), 0o755)
  cron = spawn(join(scratch, "bin/cron"), ["1000"], { stdio: "ignore" })
})
afterEach(() => {
  if (ref !== undefined) ask("terminate", ref)
  cron.kill()
  rmSync(scratch, { recursive: true, force: true })
})

const env = (more: NodeJS.ProcessEnv = {}) => ({ ...process.env, HOME: home, PATH: `${scratch}/bin:/usr/bin:/bin`, ...more })
const ask = (method: string, params: object, more?: NodeJS.ProcessEnv) => {
  const input = JSON.stringify({ method, params })
  const { stdout } = spawnSync(process.execPath, [agent, "machine", base], { input, encoding: "utf8", env: env(more) })
  return JSON.parse(stdout)
}
const provision = () => {
  const offer = { cloud: "ssh", region: "pool", zone: null, cpus: 2, memoryGib: 4, accelerators: null }
  const tags = { log: ulid(), cluster: ulid(), clusterName: "train" }
  const claim: Claim = { tags, token: ulid(), ranks: [{ rank: 0, address: "::1" }], offer, home, survivesReboot: true, exclusive: true }
  expect(ask("provision", claim)).toHaveProperty("ok")
  ref = { tags, rank: 0, node: `${claim.token}-0` }
  return ref
}
const install = (more?: NodeJS.ProcessEnv) => expect(ask("installAgent", { ...ref, comesBack: true }, more)).toHaveProperty("ok")
const table = () => (existsSync(join(home, "crontab")) ? readFileSync(join(home, "crontab"), "utf8") : null)
const state = () => JSON.parse(readFileSync(join(base, "comes-back.json"), "utf8"))
const pid = () => Number(readFileSync(join(base, "nodes", ref.node, "agent/pid"), "utf8").split(" ")[0])
const killAgent = () => {
  const last = pid()
  process.kill(last, "SIGKILL")
  return last
}
/** As cron runs it, which knows little more than HOME. */
const start = () => {
  const command = table()!
    .split("\n")
    .find((line) => line.includes(" boot "))!
    .slice("@reboot ".length)
    .replaceAll("\\%", "%")
  execFileSync("/bin/sh", ["-c", command], { env: { HOME: home, PATH: "/usr/bin:/bin", LOGNAME: "ann" } })
}
const isAgent = (at: number) => existsSync(`/proc/${at}`) && readFileSync(`/proc/${at}/cmdline`, "utf8").includes(ref.node)

/** Two days. */
const old = (...paths: ReadonlyArray<string>) => {
  const thenS = Date.now() / 1000 - 2 * 86_400
  for (const path of paths) utimesSync(path, thenS, thenS)
}

describe("where cron runs", () => {
  it("a line of ours starts the agent with the machine, beside the user's own, which stay; it goes with the node", () => {
    const own = "# mine\nMAILTO=ann\n\n5 4 * * * backup 100\\% # skyd-node\n@reboot mine"
    writeFileSync(join(home, "crontab"), own)
    provision()
    install()
    expect(table()).toBe(`${own}\n${lineFor([process.execPath, agent, "boot", base])}\n`)
    expect(state()).toMatchObject({ by: "cron", warnings: [] })
    install()
    expect(
      table()!
        .split("\n")
        .filter((line) => line.includes(" boot "))
    ).toHaveLength(1)
    const before = killAgent()
    start()
    expect(pid()).not.toBe(before)
    expect(isAgent(pid())).toBe(true)
    expect(ask("terminate", ref)).toEqual({ ok: {} })
    expect(table()).toBe(`${own}\n`)
    expect(existsSync(join(base, "comes-back.json"))).toBe(false)
  })

  it("a user who had no crontab has none again", () => {
    provision()
    install()
    expect(table()).toMatch(/^@reboot .*boot.*\n$/)
    ask("terminate", ref)
    expect(table()).toBeNull()
  })

  it("a newer program of ours takes the line over", () => {
    provision()
    install()
    const older = agent
    agent = join(base, "agent/def.cjs")
    copyFileSync(agentPath, agent)
    install()
    expect(table()).toBe(`${lineFor([process.execPath, agent, "boot", base])}\n`)
    expect(older).not.toBe(agent)
  })

  it("what some crontabs print before a user's lines is not given back to them", () => {
    const header = "# DO NOT EDIT THIS FILE - edit the master and reinstall.\n# (- installed on Thu Nov 26)\n# (Cron version V5.0 -- x)\n"
    writeFileSync(join(home, "crontab"), `${header}1 2 3 4 5 mine\n`)
    provision()
    install()
    expect(table()).toMatch(/^1 2 3 4 5 mine\n@reboot /)
  })
})

describe.runIf(process.getuid?.() === 0)("where the way that it is had changes in between", () => {
  const bin = (name: string, text: string) => program(name, `#!/bin/sh\n${text}\n`)
  const refuse = () => bin("loginctl", "echo 'Access denied' >&2; exit 1")
  const linger = () => bin("loginctl", "echo Linger=yes")
  const upgrade = (name: string) => {
    agent = join(base, "agent", name)
    copyFileSync(agentPath, agent)
    install()
  }
  const units = () =>
    readdirSync(join(home, ".config/systemd/user"), { recursive: true }).filter((name) => String(name).endsWith(".service"))
  // Whether systemd runs is told by a folder, which is there for as long as that.
  const isMade = !existsSync("/run/systemd/system")
  beforeEach(() => void mkdirSync("/run/systemd/system", { recursive: true }))
  afterEach(() => isMade && rmSync("/run/systemd/system", { recursive: true }))

  it("the first is taken back, from cron to systemd and from systemd to cron", () => {
    provision()
    install()
    expect(table()).toMatch(/boot/)
    linger()
    upgrade("def.cjs")
    expect([state().by, table(), units()]).toEqual(["systemd", null, expect.arrayContaining(["skyd-node.service"])])
    refuse()
    upgrade("ghi.cjs")
    expect([state().by, table(), units()]).toEqual(["cron", expect.stringContaining("ghi.cjs"), []])
    expect(ask("terminate", ref)).toEqual({ ok: {} })
    expect([table(), units(), existsSync(join(base, "comes-back.json"))]).toEqual([null, [], false])
  })

  it("and where that is refused it is with the end of the node", () => {
    provision()
    install()
    bin("crontab", "echo 'You (ann) are not allowed to use this program (crontab)' >&2; exit 1")
    linger()
    upgrade("def.cjs")
    expect(table()).toMatch(/boot/)
    program("crontab", crontab)
    expect(ask("terminate", ref)).toEqual({ ok: {} })
    expect([table(), units(), existsSync(join(base, "comes-back.json"))]).toEqual([null, [], false])
  })
})

describe("where nothing starts it", () => {
  it("the node runs all the same, and why it will wait for us after a restart is kept for who looks", () => {
    program("crontab", "#!/bin/sh\necho 'You (ann) are not allowed to use this program (crontab)' >&2\nexit 1\n")
    provision()
    install()
    expect(state()).toMatchObject({ by: null })
    expect(state().warnings).toEqual([
      expect.stringMatching(/^after a restart its agent waits until this daemon reaches it: .*, and You \(ann\) are not allowed to use/)
    ])
    expect(isAgent(pid())).toBe(true)
  })

  it("and with the machine's cron put right later it is had then", () => {
    program("crontab", "#!/bin/sh\nexit 3\n")
    provision()
    install()
    program("crontab", crontab)
    install()
    expect(state()).toMatchObject({ by: "cron", warnings: [] })
  })
})

describe("what is told to the system", () => {
  it("holds paths as they are", () => {
    const words = ["/a b/node", "/it's/100%/$x", 'q"\\']
    const line = lineFor(words)
    expect(line).toBe(`@reboot '/a b/node' '/it'\\''s/100\\%/$x' 'q"\\' >/dev/null 2>&1 # skyd-node`)
    expect(unitFor(words)).toContain('\nExecStart="/a b/node" "/it\'s/100%%/$$x" "q\\"\\\\"\n')
  })
})

describe("programs that were brought", () => {
  const bring = (path: string) => {
    mkdirSync(join(base, path, ".."), { recursive: true })
    writeFileSync(join(base, path), "")
    return join(base, path)
  }

  it("go when nobody used them for a day; those of others that are young, and those that something names, stay", () => {
    const unused = bring("agent/old.cjs")
    const unusedNode = bring("node/v22.0.0/bin/node")
    const young = bring("agent/young.cjs")
    const inKeys = bring("agent/in-keys.cjs")
    const usedNode = bring("node/v23.0.0/bin/node")
    const running = bring("agent/running.cjs")
    const user = spawn(process.execPath, ["-e", "setTimeout(() => {}, 1e6)", running], { stdio: "ignore" })
    mkdirSync(join(home, ".ssh"))
    writeFileSync(join(home, ".ssh/authorized_keys"), `restrict,command="${usedNode} ${inKeys} connect /s" ssh-ed25519 AAAA x\n`)
    old(unused, unusedNode, inKeys, usedNode, running, agent)
    provision()
    install()
    expect([unused, join(base, "node/v22.0.0")].map(existsSync)).toEqual([false, false])
    expect([young, inKeys, usedNode, running, agent].map(existsSync)).toEqual([true, true, true, true, true])
    user.kill()
  })
})

describe("a machine that has another address now", () => {
  it("says so of its node from then on, to whoever asks", () => {
    provision()
    expect(ask("installAgent", { ...ref, seenAt: "10.0.0.9" })).toMatchObject({ ok: { address: "10.0.0.9" } })
    expect(ask("query", { nodes: [ref] })).toMatchObject({ ok: [{ state: "running", address: "10.0.0.9" }] })
    expect(ask("installAgent", ref)).toMatchObject({ ok: { address: "10.0.0.9" } })
  })
})

describe("what others have left", () => {
  it("goes with the next who has the machine: trash, and nodes that were never finished; a claim that is being made stays", () => {
    for (const path of ["trash/x/home/deep", "trash/x.workdir", "nodes/.new-half", "nodes/.new-young"])
      mkdirSync(join(base, path), { recursive: true })
    writeFileSync(join(base, "trash/x/home/deep/file"), "1")
    old(join(base, "nodes/.new-half"))
    provision()
    install()
    expect(readdirSync(join(base, "trash"))).toEqual([])
    expect(readdirSync(join(base, "nodes")).toSorted()).toEqual([".new-young", ref.node])
  })
})
