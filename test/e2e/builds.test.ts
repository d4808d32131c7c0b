/** Two builds of skyd on one state folder: only a newer one replaces the daemon, and only when nothing that it does would break off. */
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { eventually, Home, kill, type Ran, root } from "./home.ts"

const scratch = mkdtempSync(join(tmpdir(), "skyd-builds-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** What was built, as another build of it; its agent differs too. */
const installed = (name: string, build: string): string => {
  const folder = join(scratch, name)
  mkdirSync(join(folder, "dist"), { recursive: true })
  cpSync(join(root, "bin"), join(folder, "bin"), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  for (const file of readdirSync(join(root, "dist")).filter((each) => each.endsWith(".cjs"))) {
    const text = readFileSync(join(root, "dist", file), "utf8").replaceAll(/"\d+\.\d+\.\d+\+\d+"/g, JSON.stringify(build))
    writeFileSync(join(folder, "dist", file), `${text}// ${build}\n`)
  }
  return folder
}
const older = installed("older", "0.0.9+1000")
const newer = installed("newer", "0.0.10+1000")

const home = new Home()
const run = (folder: string, ...args: ReadonlyArray<string>): Promise<Ran> =>
  new Promise((done) => {
    const child = execFile(process.execPath, [join(folder, "bin/sky.cjs"), ...args], { env: home.env, cwd: root }, (_, out, err) =>
      done({ code: child.exitCode, out, err })
    )
  })
const daemon = async (): Promise<{ pid: number; version: string }> => JSON.parse((await run(older, "daemon", "status", "-o", "json")).out)
const phaseOf = async (name: string) => JSON.parse((await run(older, "status", name, "-o", "json")).out || "[]")[0]?.phase
const until = (file: string) => `until test -e ~/${file}; do sleep 0.05; done`
const touch = (file: string) => writeFileSync(join(home.nodes()[0]!, "home", file), "")

it("a newer client uses an older daemon that is busy, and replaces it when it is idle; the jobs go on", async () => {
  const task = home.file("s.yaml", `setup: ${until("go-on")}\nrun: echo up\n`)
  const launching = run(older, "launch", "-y", "-c", "a", task)
  await eventually(async () => (await phaseOf("a")) === "setup")
  const busy = await daemon()
  expect(busy.version).toBe("0.0.9")
  expect(await run(newer, "launch", "-y", "-d", "-c", "b", "true")).toMatchObject({ code: 0 })
  expect((await daemon()).pid).toBe(busy.pid)

  touch("go-on")
  expect((await launching).out).toContain("up")
  await run(older, "exec", "-d", "a", `echo begun; ${until("end")}; echo ended`)
  expect(await run(newer, "exec", "-d", "a", "echo second")).toMatchObject({ code: 0 })
  const replaced = await daemon()
  expect(replaced).toMatchObject({ version: "0.0.10" })
  expect(replaced.pid).not.toBe(busy.pid)
  touch("end")
  const { code, out } = await run(newer, "logs", "a", "2")
  expect([code, out.match(/begun|ended/g)]).toEqual([0, ["begun", "ended"]])
  expect((await run(newer, "logs", "a", "3")).out).toContain("second")
})

it("an older client uses a newer daemon as it is", async () => {
  const { pid } = await daemon()
  expect((await run(older, "exec", "a", "echo from the older")).out).toContain("from the older")
  expect((await daemon()).pid).toBe(pid)
})

it("a daemon whose reactors are off makes room for a newer build, whatever waits for it", async () => {
  await run(newer, "daemon", "stop")
  const task = home.file("w.yaml", `setup: ${until("go-on-2")}\nrun: echo again\n`)
  const launching = run(older, "launch", "-y", "-c", "a", task)
  await eventually(async () => (await phaseOf("a")) === "setup")
  // Its client starts the next one each time, until that one refuses.
  for (let times = 0; times < 3; times++) {
    const { pid } = await daemon()
    kill(pid)
    await eventually(async () =>
      run(older, "daemon", "status", "-o", "json").then(({ code, out }) => code === 0 && JSON.parse(out).pid !== pid)
    )
  }
  expect(await launching).toMatchObject({ code: 1, err: expect.stringContaining("this launch does not go on") })
  touch("go-on-2")
  expect((await run(newer, "exec", "b", "echo replaced")).out).toContain("replaced")
  expect(await daemon()).toMatchObject({ version: "0.0.10" })
  expect((await run(newer, "status")).err).toBe("")
  await eventually(async () => (await run(newer, "logs", "a", "--no-follow")).out.includes("again"))
})
