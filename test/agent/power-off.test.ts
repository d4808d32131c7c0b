/** The machine under a cluster that has ended itself: by which programs it goes. The real ones would end this machine. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, expect, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "skyd-off-"))
afterAll(() => rmSync(folder, { recursive: true }))
const program = (name: string, script: string) => writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
const said = join(folder, "said")
program("sudo", 'shift; exec "$@"')
program("shutdown", `echo shutdown "$@" >> ${said}; kill $PPID`)
const powerOff = resolve(import.meta.dirname, "../../agent/power-off.ts")

/** What was run, in order. */
const ranBy = async (down: boolean, ends: string): Promise<ReadonlyArray<string>> => {
  writeFileSync(said, "")
  const code = `import(${JSON.stringify(powerOff)}).then(({ powerOff }) => powerOff(${down}, ${JSON.stringify(join(folder, ends))}))`
  await once(spawn(process.execPath, ["-e", code], { env: { PATH: folder }, stdio: "ignore" }), "exit")
  return readFileSync(said, "utf8").trimEnd().split("\n")
}

it("an autodown first runs what ends the machine, where a cloud has put that there, and turns it off in any case", async () => {
  program("ends", `echo ends >> ${said}`)
  program("fails", `echo fails >> ${said}; exit 1`)
  expect(await ranBy(true, "ends")).toEqual(["ends", "shutdown -h now"])
  expect(await ranBy(true, "fails")).toEqual(["fails", "shutdown -h now"])
  expect(await ranBy(true, "not-there")).toEqual(["shutdown -h now"])
})
it("an autostop only turns it off", async () => {
  program("ends", `echo ends >> ${said}`)
  expect(await ranBy(false, "ends")).toEqual(["shutdown -h now"])
})
