/** What a look says of the condition that a machine is in. */
import { spawn } from "node:child_process"
import { chownSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { conditionIn } from "../../../daemon/remote/condition.ts"
import { groundScript, readGround } from "../../../daemon/remote/ground.ts"
import { runIn, shells } from "../../fakes/shells.ts"

const homeNow = () => mkdtempSync(join(tmpdir(), "a home'"))
const look = async (shell: (typeof shells)[number], home: string) => readGround((await runIn(shell, home, groundScript, ["", "0"])).stdout)!
const isRoot = process.getuid?.() === 0

it.each(shells)("under $name: one that is well has nothing to say, and is told by its kernel", async (shell) => {
  const home = homeNow()
  const ground = await look(shell, home)
  expect(ground).toMatchObject({ useless: null })
  expect(ground.warnings.filter((one) => !one.startsWith("after a restart"))).toEqual([])
  if (process.platform === "linux") expect(ground.kernel).toEqual((await look(shell, homeNow())).kernel)
})

it.runIf(isRoot).each(shells)("under $name: a node of another user is seen by its agent's program", async (shell) => {
  const theirs = mkdtempSync(join(tmpdir(), "theirs-"))
  mkdirSync(join(theirs, ".skyd-node/agent"), { recursive: true })
  const program = join(theirs, ".skyd-node/agent/0123456789abcdef.cjs")
  writeFileSync(program, "")
  for (const path of [theirs, join(theirs, ".skyd-node"), join(theirs, ".skyd-node/agent"), program]) chownSync(path, 65_534, 65_534)
  const agent = spawn("/bin/sh", ["-c", "read -r _", program], { uid: 65_534, gid: 65_534, stdio: ["pipe", "ignore", "ignore"] })
  onTestFinished(() => void agent.kill())
  await new Promise((resolve) => agent.once("spawn", resolve))
  expect((await look(shell, homeNow())).tenants).toContain("a cluster of nobody")
})

it.runIf(isRoot).each(shells)("under $name: a ~/.ssh of another's lets no head in", async (shell) => {
  const home = homeNow()
  mkdirSync(join(home, ".ssh"))
  chownSync(join(home, ".ssh"), 65_534, 65_534)
  expect((await look(shell, home)).warnings[0]).toContain("its user may not write to ~/.ssh")
})

it("what the look found is told in words", () => {
  const of = (found: Readonly<Record<string, ReadonlyArray<string>>>) => conditionIn((key) => found[key] ?? [])
  expect(of({ room: ["1023"] }).useless).toBe("there is no room on its disk")
  expect(of({ room: [""] }).useless).toBeNull()
  expect(of({ closed: ["/home/ann"] }).useless).toBe("its user may not write to /home/ann")
  expect(of({ keysfile: [".ssh/authorized_keys /etc/keys/%u"] }).warnings).toEqual([])
  expect(of({ keysfile: ["/etc/keys/%u"] }).warnings).toEqual([
    "it can be no worker of several nodes: its sshd reads keys from /etc/keys/%u, and a head is let in by ~/.ssh/authorized_keys"
  ])
  expect(of({ starts: ["never"] }).warnings[0]).toContain("after a restart a node's agent waits there")
  // Of its node that one says it.
  expect(of({ starts: ["never"], lease: ["{}"] }).warnings).toEqual([])
})
