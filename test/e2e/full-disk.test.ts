/** A disk that fills up, on a small filesystem of its own: what begins something is refused, what ends something goes on. */
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { appendFileSync, existsSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { strikeAt } from "../damage/logs.ts"
import { eventually, Home } from "./home.ts"

const mib = 1024 * 1024

/** Mounted over the folder of a home; false where that is not allowed. */
const mounted = (folder: string): boolean => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=500m,mode=700", "tmpfs", folder], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

const home = new Home()
const other = new Home()
const isSmall = mounted(home.path)
if (!isSmall) console.warn("NOT TESTED: a full disk. Mounting a small filesystem needs root.")
afterAll(async () => {
  if (!isSmall) return
  rmSync(filler, { force: true })
  await home.sky("down", "-a", "-y")
  await home.sky("daemon", "stop")
  execFileSync("umount", ["-l", home.path])
})

const free = () => {
  const { bavail, bsize } = statfsSync(home.path)
  return (bavail * bsize) / mib
}
const filler = join(home.path, "filler")
/** To the last byte, when nothing is to be left. */
const fill = (bytes: number) => {
  try {
    appendFileSync(filler, Buffer.alloc(bytes))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause
  }
}
/** Fills the disk up to so many MiB. */
const leave = (leftMib: number) => {
  rmSync(filler, { force: true })
  fill(Math.floor((free() - leftMib) * mib))
}

describe.skipIf(!isSmall)("a disk with", () => {
  it("plenty of room: a reserve is written, bytes and all", async () => {
    expect((await home.sky("launch", "-y", "-d", "-c", "a", "sleep 600")).code).toBe(0)
    const ballast = join(home.state, "ballast")
    await eventually(() => existsSync(ballast))
    expect(statSync(ballast).blocks * 512).toBeGreaterThanOrEqual(64 * mib)
  })
  it("less than 256 MiB: a launch is refused, all else goes", async () => {
    leave(200)
    expect(await home.sky("launch", "-y", "-d", "-c", "b", "true")).toMatchObject({
      code: 7,
      err: expect.stringMatching(
        /has (199|200) MiB left, and launch needs 256 MiB\.\s+Free some space\. cancel, stop and down go on all the while\./
      )
    })
    expect((await home.sky("exec", "-d", "a", "sleep 601")).code).toBe(0)
    expect((await home.json("status")).map(({ name }: { name: string }) => name)).toEqual(["a"])
    expect((await home.sky("status")).err).toMatch(/The disk of \S+\s+has (199|200) MiB left/)
  })
  it("less than 64 MiB: only what ends something", async () => {
    leave(40)
    for (const verb of [
      ["exec", "a", "true"],
      ["autostop", "-y", "a", "-i", "5"]
    ]) {
      expect(await home.sky(...verb)).toMatchObject({ code: 7, err: expect.stringContaining("needs 64 MiB.") })
    }
    expect((await home.sky("cancel", "-y", "a", "2")).code).toBe(0)
  })
  it("nothing left: stop and down still come to their end", async () => {
    leave(0)
    // The reserve that is given up now is not for these.
    const none =
      /has 6[34] MiB left, all of them for cancel, stop and down, and autostop needs 64 MiB\.\s+Free some space first: [^.]* no reserve now\.$/
    for (const _ of [1, 2]) {
      const { code, err } = await home.sky("autostop", "-y", "a", "-i", "5")
      expect(err.trim()).toMatch(none)
      expect(code).toBe(7)
    }
    const { err } = await home.sky("status")
    expect(err).toMatch(/all of\s+them\s+for\s+cancel[^.]*: a\s+launch[^.]*\.\s+Free\s+some\s+space\s+first: [^.]*\s+no\s+reserve\s+now\./)
    expect(await home.sky("stop", "-y", "a")).toMatchObject({ code: 0 })
    expect((await home.json("status"))[0].status).toBe("STOPPED")
    expect(await home.sky("down", "-y", "a")).toMatchObject({ code: 0 })
    expect(await home.json("status")).toEqual([])
  })
  it("nothing left: whether the log is sound cannot be told, and that is no damage", async () => {
    await home.sky("launch", "-y", "-d", "-c", "c", "true")
    const ballast = join(home.state, "ballast")
    for (const running of [true, false]) {
      leave(300)
      // What is being written gives its room back where that is not enough.
      if (running) await eventually(() => existsSync(ballast))
      else await home.json("daemon", "stop")
      rmSync(ballast, { force: true })
      leave(0)
      const { code, err, out } = await home.sky("audit", "verify")
      expect(err).toMatch(/^✗ The state folder \S+ cannot be written to: there is no space left on its disk,[^✗]* df -h [^✗]*$/)
      expect([code, out]).toEqual([7, ""])
    }
    leave(300)
    expect((await home.sky("audit", "verify")).code).toBe(0)
  })
  it("nothing left under a running daemon, and no reserve: what is under way then says so like all that comes after", async () => {
    leave(300)
    expect((await home.sky("launch", "-y", "-d", "-c", "e", "sleep 601")).code).toBe(0)
    for (const job of [2, 3, 4, 5, 6, 7]) expect(await home.json("exec", "-d", "e", `sleep 60${job}`)).toMatchObject({ jobId: job })
    const ballast = join(home.state, "ballast")
    await eventually(() => existsSync(ballast))
    // Too little for another one.
    leave(40)
    rmSync(ballast)
    leave(0)
    // Each job that ends gives some bytes back.
    const filling = setInterval(() => fill(mib), 1)
    const table = [2, 3, 4].map((job) => home.sky("cancel", "-y", "e", `${job}`))
    const json = [5, 6, 7].map((job) => home.sky("cancel", "-y", "e", `${job}`, "-o", "json"))
    const during = await Promise.all([...table, ...json])
    clearInterval(filling)
    const isRefused = ({ code }: { readonly code: number | null }) => code !== 0
    expect(during.some(isRefused)).toBe(true)
    const after = [await home.sky("cancel", "-y", "e", "2"), await home.sky("status", "-o", "json")]
    for (const { code, err, out } of [...during, ...after].filter(isRefused)) {
      const { message } = err.startsWith("{") ? JSON.parse(err).error : { message: err.replace(/^✗ /, "") }
      expect(message).toMatch(/^The state folder \S+ cannot be written to: there is no space left on its disk,/)
      expect([code, out]).toEqual([7, ""])
    }
    expect(readFileSync(join(home.state, "daemon.log"), "utf8")).not.toMatch(/"Fatal","message":"(?!The state folder)/)
    leave(300)
    expect((await home.sky("cancel", "-y", "e", "-a")).code).toBe(0)
  })
  it("nothing left at the start, and no reserve: one sentence, and all is well when there is room again", async () => {
    await home.sky("daemon", "stop")
    rmSync(join(home.state, "ballast"), { force: true })
    leave(0)
    const { code, err } = await home.sky("status")
    expect(err).toMatch(/No space left|no space left/)
    expect(err.split("\n").length).toBeLessThan(5)
    expect(code).toBe(7)
    leave(300)
    expect((await home.sky("launch", "-y", "-c", "c", "echo back")).out).toContain("back")
  })
  it("nothing left, over a damaged log: what is proven is not looked at, and what it needs is said", async () => {
    const words = randomBytes(45_000).toString("base64")
    await home.sky("exec", "-d", "c", `true ${words}`)
    await home.json("daemon", "restart")
    await home.json("daemon", "stop")
    strikeAt(home.state, words)
    const file = join(other.path, "saved.jsonl")
    expect((await home.sky("status")).err).toContain("The log is damaged: ")
    rmSync(join(home.state, "ballast"), { force: true })
    leave(0)
    const { code, err } = await home.sky("audit", "export", file)
    expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([
      7,
      expect.stringMatching(/✗ The state folder \S+ cannot be written to: there is no space left on its disk,/)
    ])
    expect(err).not.toContain("sky daemon stop")
    leave(300)
    expect(await home.sky("audit", "export", file)).toMatchObject({ code: 1, err: expect.stringContaining(" are exported to ") })
  })
})
