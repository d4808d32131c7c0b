/** What a look says of the condition that a machine is in. */
import { spawn } from "node:child_process"
import { chownSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
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
