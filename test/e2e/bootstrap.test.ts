/** Machines as they are found: without Node, with little room, odd logins, and a system that starts things, or ends them, by itself. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import { keyPair } from "../fakes/ssh-keys.ts"
import { eventually, Home } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { SshMachine } from "./sshd.ts"

/** As cron's own. */
const crontab = `#!/bin/sh
file="$HOME/crontab"
case $1 in
  -l) if [ -e "$file" ]; then cat "$file"; else echo "no crontab for node" >&2; exit 1; fi ;;
  -r) rm "$file" ;;
  -) cat >"$file" ;;
esac
`
const loginctl = (manager: string) => `#!/bin/sh
echo "$*" >>"$HOME/loginctl.log"
case $* in
  *enable-linger) echo yes >"$HOME/lingers" ;;
  *disable-linger) rm "$HOME/lingers" ;;
  show-user*) echo "Linger=$(cat "$HOME/lingers" 2>/dev/null || echo no)" ;;
  show-session*) printf '%s\\n' ${manager} ;;
esac
`
const path = "PATH=/home/node/bin:/usr/local/bin:/usr/bin:/bin"
const refusing = "#!/bin/sh\necho 'Access denied' >&2\nexit 1\n"

describeWithMachines("a machine of a pool", () => {
  const pair = keyPair("user")
  let machine: SshMachine
  let home: Home
  beforeAll(async () => {
    machine = await SshMachine.start([pair])
  }, 60_000)
  afterAll(async () => {
    await machine.end()
  })
  beforeEach(async () => {
    home = new Home()
    const key = join(home.path, "id")
    writeFileSync(key, pair.private, { mode: 0o600 })
    mkdirSync(home.state, { mode: 0o700 })
    const pool = `rack:\n  user: node\n  identity_file: ${key}\n  hosts: [${machine.address}]\n`
    writeFileSync(join(home.state, "ssh_node_pools.yaml"), pool)
    inside("mkdir -p ~node/bin && chown node: ~node ~node/bin")
    await machine.configure({ environment: [path] })
    withoutNode()
  })
  afterEach(async () => {
    await home.end()
    // With its mounts, all that a test has changed goes.
    await machine.powerOff()
    await machine.boot()
    inside(
      "rm -rf ~node/bin ~node/.skyd-node ~node/sky_* ~node/crontab ~node/lingers ~node/loginctl.log ~node/.config ~node/.profile ~node/.cshrc"
    )
  })

  const inside = (script: string, ...args: ReadonlyArray<string>) => machine.inside(script, ...args)
  /** Whatever the machine that tests run on has. */
  const withoutNode = () =>
    inside('for at in /usr/local/bin/node /usr/bin/node /bin/node; do [ ! -e "$at" ] || mount --bind /bin/false "$at"; done')
  const program = (name: string, text: string) => writeFileSync(join(machine.home, "bin", name), text, { mode: 0o755 })
  const launch = (...args: ReadonlyArray<string>) => home.sky("launch", "-y", "-c", "one", "--infra", "ssh/rack", ...args)
  const down = async () => expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
  const ours = (path = "") => join(machine.home, ".skyd-node", path)
  const list = (path: string) => (existsSync(ours(path)) ? readdirSync(ours(path)) : [])
  const check = async () => (await home.sky("check", "ssh")).out
  /** By the user, with nothing but what cron or systemd gives. */
  const asUser = (script: string) =>
    inside(
      'cd /; exec env -i HOME=/home/node LOGNAME=node PATH=/usr/bin:/bin setpriv --reuid 2000 --regid 2000 --clear-groups sh -c "$1"',
      script
    )
  const agents = () => inside("pgrep -f '[.]cjs /home/node/.skyd-node/nodes/' || true").split("\n").filter(Boolean)

  it("that has no Node is given one with its first cluster, and keeps it for the next", async () => {
    expect(await launch("node --version || echo none of its own")).toMatchObject({
      code: 0,
      out: expect.stringContaining("none of its own")
    })
    expect(list(`node/${process.version}/bin`)).toEqual(["node"])
    expect((await home.json("ssh", "ls"))[0]).toMatchObject({ status: "leased", node: process.version })
    await down()
    expect((await home.json("ssh", "ls"))[0]).toMatchObject({ status: "free", node: process.version })
    expect(list("agent")).toHaveLength(1)
  }, 120_000)

  it("whose disk is full is passed over with its own words, and nothing half is there; with room it is had", async () => {
    inside("mkdir -p ~node/.skyd-node && mount -t tmpfs -o size=20m,uid=2000,mode=700 tmpfs ~node/.skyd-node")
    const full = await launch("true")
    expect([full.code, full.err]).toEqual([7, expect.stringMatching(/bin\/node cannot be written on .*: .*No space left on device/)])
    expect(inside("find ~node/.skyd-node -type f")).toBe("")
    inside("mount -o remount,size=400m ~node/.skyd-node")
    expect((await launch("true")).code).toBe(0)
    await down()
  }, 120_000)

  it.each([
    ["runs nothing in its home", "mount -t tmpfs -o noexec,uid=2000 tmpfs ~node/.skyd-node", /it does not run there: .*Permission denied/],
    [
      "takes nothing in its home",
      "mount --bind ~node ~node; mount -o remount,bind,ro ~node",
      /cannot be written on .*: .*Read-only file system/
    ],
    ["is not its user's home", "chown root: ~node; chmod 755 ~node; rmdir ~node/.skyd-node", /cannot be written on .*: .*Permission denied/]
  ])(
    "that %s is told so",
    async (_, how, said) => {
      inside(`mkdir -p ~node/.skyd-node; ${how}`)
      const { code, err } = await launch("true")
      expect([code, err]).toEqual([7, expect.stringMatching(said)])
    },
    120_000
  )

  it.each([
    ["fish", "/usr/bin/fish"],
    ["csh", "/bin/tcsh"],
    ["sh with a profile that talks and a umask that lets all in", "/bin/sh"]
  ])(
    "whose user logs in with %s is like any other",
    async (_, shell) => {
      if (!existsSync(shell)) return
      inside('sed "s,^node:.*,node:x:2000:2000::/home/node:$1," /etc/passwd >/run/passwd && cat /run/passwd >/etc/passwd', shell)
      for (const file of [".profile", ".cshrc"]) writeFileSync(join(machine.home, file), "echo welcome to this machine\numask 000\n")
      expect(await launch("echo it is $SHELL; umask")).toMatchObject({ code: 0, out: expect.stringMatching(/it is \S+\s[\s\S]*0022/) })
      expect(inside("find ~node/.skyd-node -perm /022 ! -type l ! -type s")).toBe("")
      await down()
    },
    120_000
  )

  it("with cron starts its agent again after a restart, though no daemon is there; its next job runs, and down leaves the crontab as it was", async () => {
    program("crontab", crontab)
    inside("cp /bin/sleep /run/cron; setsid /run/cron 1000 </dev/null >/dev/null 2>&1 &")
    inside("echo '5 4 * * * backup' >~node/crontab; chown node: ~node/crontab")
    expect((await launch("-d", "sleep 1000")).code).toBe(0)
    await eventually(async () => (await home.json("queue", "one"))[0].status === "RUNNING")
    expect((await home.sky("exec", "one", "-d", "echo second")).code).toBe(0)
    expect(await check()).not.toContain("after a restart")
    await home.sky("daemon", "stop")
    await machine.powerOff()
    await machine.boot()
    withoutNode()
    expect(agents()).toEqual([])
    const line = readFileSync(join(machine.home, "crontab"), "utf8")
      .split("\n")
      .find((one) => one.startsWith("@reboot "))!
    asUser(line.slice("@reboot ".length))
    expect(agents()).toHaveLength(1)
    const over = await eventually(
      () => home.json("queue", "one"),
      (jobs) => jobs.every(({ status }: { status: string }) => ["FAILED", "SUCCEEDED"].includes(status))
    )
    expect(over.map(({ status }: { status: string }) => status)).toEqual(["SUCCEEDED", "FAILED"])
    await down()
    expect(readFileSync(join(machine.home, "crontab"), "utf8")).toBe("5 4 * * * backup\n")
  }, 180_000)

  it("with a systemd where its user may linger has a unit for that, which goes with the cluster, as does the lingering", async () => {
    inside("mkdir -p /run/systemd/system")
    program("loginctl", loginctl("KillUserProcesses=no"))
    expect((await launch("true")).code).toBe(0)
    const units = join(machine.home, ".config/systemd/user")
    const start = /^ExecStart=(.*)$/m.exec(readFileSync(join(units, "default.target.wants/skyd-node.service"), "utf8"))![1]!
    expect(existsSync(join(machine.home, "lingers"))).toBe(true)
    expect(await check()).not.toContain("after a restart")
    await home.sky("daemon", "stop")
    inside("pkill -f '[.]cjs /home/node/.skyd-node/nodes/'")
    asUser(start)
    expect(agents()).toHaveLength(1)
    await down()
    expect([existsSync(join(units, "skyd-node.service")), readdirSync(join(units, "default.target.wants"))]).toEqual([false, []])
    expect(existsSync(join(machine.home, "lingers"))).toBe(false)
  }, 120_000)

  it("with neither says so where one looks, and runs all the same", async () => {
    program("crontab", refusing)
    expect((await launch("true")).code).toBe(0)
    expect(await check()).toContain("after a restart its agent waits until this daemon reaches it: no systemd runs, and Access denied")
    await down()
    expect(await check()).not.toContain("after a restart")
  }, 120_000)

  it("whose logind ends what a login leaves behind has its agent outside of the login", async () => {
    inside("mkdir -p /run/systemd/system")
    program("loginctl", loginctl("KillUserProcesses=yes KillOnlyUsers= KillExcludeUsers=root"))
    program(
      "systemd-run",
      '#!/bin/sh\necho "$*" >>"$HOME/loginctl.log"\nwhile [ "$1" != -- ]; do shift; done\nshift\nIN_SCOPE=yes exec "$@"\n'
    )
    await machine.configure({ environment: [path, "XDG_SESSION_ID=4"] })
    expect((await launch("true")).code).toBe(0)
    const [pid] = agents()
    expect(inside('tr "\\0" "\\n" <"/proc/$1/environ"', pid!)).toMatch(/^IN_SCOPE=yes$/m)
    expect(await check()).not.toContain("KillUserProcesses")
    await down()
  }, 120_000)

  it("and where that cannot be is named", async () => {
    inside("mkdir -p /run/systemd/system")
    program("loginctl", loginctl("KillUserProcesses=yes").replace('echo yes >"$HOME/lingers"', "echo Access denied >&2; exit 1"))
    await machine.configure({ environment: [path, "XDG_SESSION_ID=4"] })
    expect((await launch("true")).code).toBe(0)
    expect(await check()).toMatch(/what runs there ends with our connection, by KillUserProcesses of its logind/)
    await down()
  }, 120_000)

  it.each([
    ["ahead", 3],
    ["behind", -3]
  ])(
    "whose clock is hours %s works as any other, and what happened there has our time",
    async (_, hours) => {
      copyFileSync(process.execPath, join(machine.home, "bin/real"))
      const clock = `const real = Date.now; Date.now = () => real() + ${hours * 3_600_000}; process.execPath = "/home/node/bin/node"`
      writeFileSync(join(machine.home, "bin/clock.cjs"), clock)
      program("node", '#!/bin/sh\nexec /home/node/bin/real -r /home/node/bin/clock.cjs "$@"\n')
      await machine.configure({ environment: [path, "SKYD_AGENT_MINUTE_MS=1000"] })
      const sinceMs = Date.now()
      const isNow = (at: string | number) => new Date(at).getTime() >= sinceMs - 10_000 && new Date(at).getTime() <= Date.now() + 10_000
      expect((await launch("true")).code).toBe(0)
      const journal = readFileSync(join(ours("nodes"), list("nodes")[0]!, "agent/journal.jsonl"), "utf8")
        .trim()
        .split("\n")
      expect(isNow(JSON.parse(journal.at(-1)!).atMs - hours * 3_600_000)).toBe(true)
      expect((await home.sky("exec", "one", "true")).code).toBe(0)
      for (const job of await home.json("queue", "one"))
        expect([job.submittedAt, job.startedAt, job.endedAt].map(isNow)).toEqual([true, true, true])
      expect((await home.sky("autostop", "-y", "one", "-i", "2", "--down")).code).toBe(0)
      await eventually(
        () => home.json("status", "-a"),
        (clusters) => clusters.length === 0
      )
      const fired = (await home.json("events"))
        .map(({ event }: { event: { _tag: string } }) => event)
        .find(({ _tag }: { _tag: string }) => _tag === "AutostopFired")
      expect(isNow(fired.idleSince)).toBe(true)
    },
    120_000
  )
})
