/** Values of secret-looking envs reach the job and nothing else: not a fact, not an argv, not a log, not a file that stays. */
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { expect, it } from "vitest"
import { eventually, Home, processesOf } from "./home.ts"

const home = new Home()
const canary = "CANARY-5f1c9e"

const filesWith = (folder: string) => spawnSync("grep", ["-rlaF", canary, folder], { encoding: "utf8" }).stdout.split("\n").filter(Boolean)
const leaks = () => ({
  files: filesWith(home.state),
  argv: processesOf(home.path).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(canary)
    } catch {
      return false
    }
  })
})
const none = { files: [], argv: [] }

it("from the YAML, from --env and from the environment: setup and run see them, and when they are over nothing has them", async () => {
  const setup = "[ ${#API_KEY} = 18 ] && echo setup-has-it > ~/proof"
  const run = 'echo "${#API_KEY} ${#MY_TOKEN} ${#DB_PASSWORD} $PLAIN $(cat ~/proof)"'
  const task = home.file("t.yaml", `envs:\n  API_KEY: ${canary}-yaml\n  PLAIN: visible\nsetup: '${setup}'\nrun: '${run}'\n`)
  home.env["DB_PASSWORD"] = `${canary}-environment`
  const { code, err, out } = await home.sky("launch", "-y", "-c", "a", "--env", `MY_TOKEN=${canary}-flag`, "--env", "DB_PASSWORD", task)
  expect({ code, err, out }).toMatchObject({ code: 0, out: expect.stringMatching(/ 18 18 25 visible setup-has-it\n$/) })
  expect(leaks()).toEqual(none)
  expect(readdirSync(join(home.state, "secrets"))).toEqual([])
  const events = JSON.stringify(await home.json("events", "--tail", "1000"))
  expect(events).not.toContain(canary)
  expect(events).toContain('"secretEnvs"')
  expect(events).toContain("MY_TOKEN=***")
  expect(events).toContain("visible")
})

it("while the job runs they are in its own environment and in a file that only the user can read", async () => {
  await home.sky("exec", "-d", "a", "--env", `MY_TOKEN=${canary}-live`, "sleep 2")
  await home.sky("daemon", "stop")
  for (const file of filesWith(home.state)) expect(spawnSync("stat", ["-c", "%a", file], { encoding: "utf8" }).stdout.trim()).toBe("600")
  await home.sky("logs", "a")
  await eventually(leaks, (left) => isDeepStrictEqual(left, none))
})

it("a refused request leaves none behind", async () => {
  await home.sky("exec", "nope", "--env", `MY_TOKEN=${canary}-refused`, "true")
  await home.sky("launch", "-y", "-c", "-bad", "--env", `MY_TOKEN=${canary}-refused`, "true")
  expect(leaks()).toEqual(none)
})
