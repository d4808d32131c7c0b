/** `ssh NAME`, typed by the user: OpenSSH's own client with what the daemon wrote for it, to OpenSSH's own servers. */
import { execFile } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { eventually, type Ran } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { SshHome, startMachines } from "./ssh-pool.ts"
import type { SshMachine } from "./sshd.ts"

const begun = "# my machines\nHost gpu-*\n  User ann\n"

describeWithMachines("ssh NAME", () => {
  let machines: ReadonlyArray<SshMachine> = []
  beforeAll(async () => {
    machines = await startMachines(2)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.end()))
  })

  let home: SshHome
  let config: string
  beforeEach(() => {
    home = new SshHome(machines)
    config = join(home.path, ".ssh/config")
  })
  const write = (text: string, mode = 0o644) => {
    mkdirSync(join(home.path, ".ssh"), { mode: 0o700 })
    writeFileSync(config, text, { mode })
  }
  const text = () => (existsSync(config) ? readFileSync(config, "utf8") : "")
  const line = () => `Include ${join(home.state, "ssh/*.conf")}\n`
  const entries = () => (existsSync(join(home.state, "ssh")) ? readdirSync(join(home.state, "ssh")) : [])
  const typed = (program: string, ...args: ReadonlyArray<string>) =>
    new Promise<Ran>((done) => {
      // It looks into the home of the password file, whatever HOME says.
      execFile(program, args, { env: home.env }, (error, out, err) => done({ code: error === null ? 0 : Number(error.code), out, err }))
    })
  const ssh = (...args: ReadonlyArray<string>) => typed("ssh", "-F", config, "-o", "BatchMode=yes", ...args)
  const until = (is: (text: string) => boolean) => eventually(text, is)

  it("exec-09: is a shell on the head, NAME-worker1 one on the worker; scp and rsync know the names, and down takes them back", async () => {
    write(begun)
    const launched = await home.launch("train", "--num-nodes", "2", "true")
    expect(launched).toMatchObject({ code: 0 })
    expect(launched.err).toMatch(/ssh train · end: sky down train\n$/)
    expect(launched.err).not.toContain("sky stop")
    expect(text()).toBe(line() + begun)
    expect(statSync(config).mode & 0o777).toBe(0o644)
    expect(await ssh("train", "hostname")).toEqual({ code: 0, out: `${machines[0]!.hostname}\n`, err: "" })
    expect(await ssh("train-worker1", "hostname; whoami")).toEqual({ code: 0, out: `${machines[1]!.hostname}\nnode\n`, err: "" })
    expect((await ssh("-tt", "train", "tty")).out).toMatch(/^\/dev\/pts\/\d+/)
    const file = home.file("data", "of here\n")
    expect(await typed("scp", "-qF", config, file, "train:copied")).toMatchObject({ code: 0 })
    expect(await typed("rsync", "-e", `ssh -F ${config}`, file, "train-worker1:synced")).toMatchObject({ code: 0 })
    expect((await ssh("train", "cat copied; rm copied")).out).toBe("of here\n")
    expect((await ssh("train-worker1", "cat synced; rm synced")).out).toBe("of here\n")
    expect((await home.sky("down", "-y", "train")).code).toBe(0)
    await until((found) => found === begun)
    expect(entries()).toEqual([])
    expect(statSync(config).mode & 0o777).toBe(0o644)
  }, 120_000)

  it("goes to no machine with another key, whatever else ssh is told to accept", async () => {
    write("Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  HostKeyAlgorithms ssh-rsa\n")
    expect((await home.launch("train", "true")).code).toBe(0)
    expect((await ssh("train", "hostname")).out).toBe(`${machines[0]!.hostname}\n`)
    const machine = machines.find(
      ({ address }) => text() !== "" && readFileSync(join(home.state, "ssh/train.conf"), "utf8").includes(address)
    )!
    await machine.changeHostKey()
    const refused = await ssh("train", "hostname")
    expect([refused.code, refused.out]).toEqual([255, ""])
    expect(refused.err).toContain("REMOTE HOST IDENTIFICATION HAS CHANGED")
    expect((await home.sky("down", "-y", "--purge", "train")).code).toBe(0)
    await until((found) => !found.includes("Include"))
  }, 120_000)

  it("goes the way that an alias of the pool goes, through a jump host that is one itself and asks nothing", async () => {
    const [jump, far] = machines as [SshMachine, SshMachine]
    const aliases = `Host far\n  HostName ${far.address}\n  User node\n  ProxyJump hop\nHost hop\n  HostName ${jump.address}\n  User root\n  IdentityFile ${home.key}\n`
    write(aliases)
    home.pool(["far"])
    expect((await home.launch("deep", "true")).code).toBe(0)
    expect((await ssh("deep", "echo $SSH_CONNECTION; hostname")).out).toMatch(new RegExp(`^${jump.address} .*\n${far.hostname}\n$`))
    expect((await home.sky("down", "-y", "deep")).code).toBe(0)
    await until((found) => found === aliases)
  }, 120_000)

  it("is right again at the next start of the daemon, whatever became of the files", async () => {
    expect((await home.launch("train", "true")).code).toBe(0)
    expect([statSync(config).mode & 0o777, statSync(join(home.path, ".ssh")).mode & 0o777]).toEqual([0o600, 0o700])
    await home.sky("daemon", "stop")
    writeFileSync(config, `Host other\n${line()}`)
    writeFileSync(join(home.state, "ssh/train.conf"), "Host train\n  HostName 192.0.2.1\n")
    writeFileSync(join(home.state, "ssh/gone.conf"), "Host gone\n")
    rmSync(join(home.state, "ssh/train.known_hosts"))
    expect((await home.sky("status")).code).toBe(0)
    await until((found) => found === `${line()}Host other\n`)
    expect((await ssh("train", "true")).code).toBe(0)
    expect(entries().sort()).toEqual(["train.conf", "train.known_hosts"])
    expect((await home.sky("down", "-y", "train")).code).toBe(0)
  }, 120_000)

  it("is the user's own where the user has that name, which is said", async () => {
    const own = "Host train\n  HostName 192.0.2.7\n"
    write(own)
    const launched = await home.launch("train", "true")
    expect(launched.code).toBe(0)
    expect(launched.err).not.toContain("ssh train ·")
    expect(launched.err).toContain("ssh train goes where your own ~/.ssh/config says, not to the cluster train.")
    expect((await home.sky("queue", "train")).err).toBe("")
    expect((await home.sky("status")).err).toContain("ssh train goes where your own ~/.ssh/config says, not to the cluster train.")
    expect((await ssh("-G", "train")).out).toContain("hostname 192.0.2.7\n")
    expect((await home.sky("down", "-y", "train")).code).toBe(0)
    await eventually(
      async () => (await home.sky("status")).err,
      (said) => !said.includes("ssh train")
    )
    expect(text()).toBe(own)
  }, 120_000)

  it("is not known where the file cannot be changed: that is said with the way on, and a # in front of the line ends it", async () => {
    mkdirSync(join(home.path, ".ssh"), { mode: 0o700 })
    symlinkSync(join(home.path, "nowhere"), config)
    const launched = await home.launch("train", "true")
    expect(launched.code).toBe(0)
    const said = (await home.sky("status")).err
    expect(said.replaceAll(/\s+/g, " ")).toContain(
      `.ssh/config is a link to nowhere. Put this line at the top of your ~/.ssh/config: ${line().trim()}, or`
    )
    writeFileSync(join(home.path, "nowhere"), `# ${line()}`)
    expect((await home.launch("train", "true")).err).not.toContain("ssh train ·")
    expect((await home.sky("status")).err).toBe("")
    expect(text()).toBe(`# ${line()}`)
    expect((await home.sky("down", "-y", "train")).code).toBe(0)
  }, 120_000)

  it("is nothing that a cluster of this machine has: it is stopped and started instead, and ssh hears nothing of it", async () => {
    const launched = await home.sky("launch", "-y", "-c", "here", "--infra", "local", "true")
    expect(launched.code).toBe(0)
    expect(launched.err).toMatch(/logs: sky logs here 1 · end: sky stop here, sky down here\n$/)
    expect([existsSync(join(home.path, ".ssh")), entries()]).toEqual([false, []])
    const { out } = await home.sky("exec", "-o", "json", "here", "true")
    expect(JSON.parse(out)).toMatchObject({ ssh: null, canStop: true })
  }, 60_000)
})
