/** Machines as they are found: without Node, with little room, odd homes and logins, and a wrong clock. */
import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { pinned } from "../../daemon/remote/node-builds.ts"
import { NodeMirror } from "../fakes/node-mirror.ts"
import { eventually } from "./home.ts"
import { describeWithMachines } from "./netns.ts"
import { path, poolMachine } from "./pool-machine.ts"

describeWithMachines("a machine of a pool", () => {
  const on = poolMachine()

  it("that has no Node is given one with its first cluster, and keeps it for the next", async () => {
    expect(await on.launch("node --version || echo none of its own")).toMatchObject({
      code: 0,
      out: expect.stringContaining("none of its own")
    })
    expect(on.list(`node/${process.version}/bin`)).toEqual(["node"])
    expect((await on.home.json("ssh", "ls"))[0]).toMatchObject({ status: "leased", node: process.version })
    await on.down()
    expect((await on.home.json("ssh", "ls"))[0]).toMatchObject({ status: "free", node: process.version })
    expect(on.list("agent")).toHaveLength(1)
  }, 120_000)

  it("asks the mirror that its pool names, and is given ours where that has not what is pinned", async () => {
    const mirror = await NodeMirror.start(undefined, on.machine.address.replace(/\d+$/, "1"))
    onTestFinished(() => mirror.stop())
    appendFileSync(join(on.home.state, "ssh_node_pools.yaml"), `  node_mirror: ${mirror.url}\n`)
    expect((await on.launch("true")).code).toBe(0)
    expect(mirror.asked[0]).toMatch(new RegExp(`^/dist/${pinned.version}/node-${pinned.version}-linux-\\w+\\.tar\\.gz$`))
    expect(on.list("node")).toEqual([process.version])
    await on.down()
  }, 120_000)

  it("whose disk is full is passed over with its own words, and nothing half is there; with room it is had", async () => {
    on.inside("mkdir -p ~node/.skyd-node && mount -t tmpfs -o size=20m,uid=2000,mode=700 tmpfs ~node/.skyd-node")
    const full = await on.launch("true")
    expect([full.code, full.err]).toEqual([7, expect.stringMatching(/bin\/node cannot be written on .*: .*No space left on device/)])
    expect(on.inside("find ~node/.skyd-node -type f")).toBe("")
    on.inside("mount -o remount,size=400m ~node/.skyd-node")
    expect((await on.launch("true")).code).toBe(0)
    await on.down()
  }, 120_000)

  it.each([
    [
      "runs nothing in its home",
      "mount -t tmpfs -o noexec,uid=2000 tmpfs ~node/.skyd-node",
      /no program runs from \/home\/node\/\.skyd-node there: its disk is mounted noexec/
    ],
    [
      "takes nothing in its home",
      "mount --bind ~node ~node; mount -o remount,bind,ro ~node",
      /cannot be written on .*: .*Read-only file system/
    ],
    ["is not its user's home", "chown root: ~node; chmod 755 ~node; rmdir ~node/.skyd-node", /cannot be written on .*: .*Permission denied/]
  ])(
    "that %s is told so",
    async (_, how, said) => {
      on.inside(`mkdir -p ~node/.skyd-node; ${how}`)
      const { code, err } = await on.launch("true")
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
      on.inside('sed "s,^node:.*,node:x:2000:2000::/home/node:$1," /etc/passwd >/run/passwd && cat /run/passwd >/etc/passwd', shell)
      for (const file of [".profile", ".cshrc"]) writeFileSync(join(on.machine.home, file), "echo welcome to this machine\numask 000\n")
      expect(await on.launch("echo it is $SHELL; umask")).toMatchObject({ code: 0, out: expect.stringMatching(/it is \S+\s[\s\S]*0022/) })
      expect(on.inside("find ~node/.skyd-node -perm /022 ! -type l ! -type s")).toBe("")
      await on.down()
    },
    120_000
  )

  it.each([
    ["ahead", 3],
    ["behind", -3]
  ])(
    "whose clock is hours %s works as any other, and what happened there has our time",
    async (_, hours) => {
      copyFileSync(process.execPath, join(on.machine.home, "bin/real"))
      const clock = `const real = Date.now; Date.now = () => real() + ${hours * 3_600_000}; process.execPath = "/home/node/bin/node"`
      writeFileSync(join(on.machine.home, "bin/clock.cjs"), clock)
      on.program("node", '#!/bin/sh\nexec /home/node/bin/real -r /home/node/bin/clock.cjs "$@"\n')
      await on.machine.configure({ environment: { ...path, SKYD_AGENT_MINUTE_MS: "1000" } })
      const sinceMs = Date.now()
      const isNow = (at: string | number) => new Date(at).getTime() >= sinceMs - 10_000 && new Date(at).getTime() <= Date.now() + 10_000
      expect((await on.launch("true")).code).toBe(0)
      const journal = readFileSync(join(on.ours("nodes"), on.list("nodes")[0]!, "agent/journal.jsonl"), "utf8")
        .trim()
        .split("\n")
      expect(isNow(JSON.parse(journal.at(-1)!).atMs - hours * 3_600_000)).toBe(true)
      expect((await on.home.sky("exec", "one", "true")).code).toBe(0)
      for (const job of await on.home.json("queue", "one"))
        expect([job.submittedAt, job.startedAt, job.endedAt].map(isNow)).toEqual([true, true, true])
      expect((await on.home.sky("autostop", "-y", "one", "-i", "2", "--down")).code).toBe(0)
      await eventually(
        () => on.home.json("status", "-a"),
        (clusters) => clusters.length === 0
      )
      const fired = (await on.home.json("events"))
        .map(({ event }: { event: { _tag: string } }) => event)
        .find(({ _tag }: { _tag: string }) => _tag === "AutostopFired")
      expect(isNow(fired.idleSince)).toBe(true)
    },
    120_000
  )
})
