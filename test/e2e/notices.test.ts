/** What is said of a damaged log is true: nothing is called lost that is kept. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { change, filesOf, flip } from "../damage/logs.ts"
import { Home } from "./home.ts"

it("a flipped byte at the end of the log: how much is proven, that the rest cannot be read, and where its bytes are kept", async () => {
  const home = new Home()
  await home.json("daemon", "start")
  await home.json("daemon", "stop")
  const wal = filesOf(home.state, ".log").at(-1)!
  change(wal, (bytes) => flip(bytes.lastIndexOf("DaemonStopped"))(bytes))
  const bytes = readFileSync(wal)
  // The first start keeps the files, the second finds them kept.
  for (const _ of [1, 2]) {
    const { code, err } = await home.sky("events")
    const said = err.replaceAll(/\s+/g, " ")
    expect(code).toBe(0)
    expect(said).toMatch(
      /The log is damaged: The log ends with event (\d+) of the \d+ that its witness has seen: what follows cannot be read\. /
    )
    expect(said).toMatch(/skyd only answers, from events 1 to \d+\./)
    expect(said).not.toContain("lost")
    const [, kept] = /The files as they were found are kept: (\S+)/.exec(said) ?? []
    expect(kept && existsSync(kept)).toBe(true)
    expect(readFileSync(join(kept!, wal.split("/").at(-1)!))).toEqual(bytes)
    expect((await home.sky("launch", "-y", "true")).err.replaceAll(/\s+/g, " ")).toContain("what follows cannot be read.")
    await home.sky("daemon", "stop")
  }
})
