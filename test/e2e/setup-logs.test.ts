/** A launch that is still setting up: what it does is shown to whoever asks, and to the launch that waits behind it. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { eventually, Home } from "./home.ts"

const home = new Home()

it("the logs of a cluster show the setup that its launch is at, and then the job", async () => {
  const go = join(home.path, "go")
  const task = home.file("slow.yaml", `setup: |\n  echo preparing\n  until [ -e ${go} ]; do sleep 0.05; done\nrun: echo ran\n`)
  const launched = home.start("launch", "-y", "-d", "-c", "slow", task)
  await launched.until("preparing")
  const logs = home.start("logs", "slow")
  await logs.until("preparing")
  const second = home.start("launch", "-y", "-d", "-c", "slow", "echo second")
  await second.until("for the launch before it")
  const left = home.start("launch", "-y", "-c", "slow", "echo third")
  await left.until("for the launch before it")
  left.child.kill("SIGINT")
  expect((await left.ended).err).toContain("Watch: sky status slow · Why: sky why slow")
  writeFileSync(go, "")
  const { code, out } = await logs.ended
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^\(setup, pid=\d+\) preparing\n\(.*pid=\d+\) ran\n$/) })
  expect((await launched.ended).code).toBe(0)
  expect((await second.ended).code).toBe(0)
  await eventually(async () => (await home.json("ops")).length === 0)
})

it("a setup that fails ends its logs as it ends its launch, with the last lines said once", async () => {
  const go = join(home.path, "go-on")
  const task = home.file("bad.yaml", `setup: |\n  echo reason-why\n  until [ -e ${go} ]; do sleep 0.05; done\n  exit 3\nrun: echo never\n`)
  const launched = home.start("launch", "-y", "-c", "bad", task)
  await launched.until("reason-why")
  const logs = home.start("logs", "bad")
  await logs.until("reason-why")
  writeFileSync(go, "")
  const { code, err, out } = await logs.ended
  expect({ code, out, err }).toEqual({
    code: 1,
    out: expect.stringContaining("reason-why"),
    err: expect.stringMatching(/^✗ setup failed.*exit 3(?!.*reason-why)/is)
  })
  expect((await launched.ended).code).toBe(1)
  expect(await home.sky("logs", "bad")).toMatchObject({ code: 5, err: expect.stringContaining("sky exec bad 'echo hi'") })
})
