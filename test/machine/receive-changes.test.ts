/** Files on their way to a node, and what comes between: they change, or an end dies. */
import { spawn } from "node:child_process"
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { agentPath } from "../contract/cloud-local-prepare.ts"
import { read, write } from "../unit/sync/tree.ts"
import { everything, ground, startReceive, sync, useGround } from "./receiving.ts"

useGround("user")
const into = () => join(ground.home, "w")

describe("files that change while they are sent", () => {
  /** Once the machine has said what it wants, and before the files that come after the first are opened. */
  const during = (work: () => void) => {
    let begun = false
    return sync({
      onProgress: () => {
        if (!begun) work()
        begun = true
      }
    })
  }
  /** More than are read ahead, so that the last are not opened yet. */
  const crowd = () => {
    write(ground.from, Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${String(i).padStart(2, "0")}`, "1"])))
    return join(ground.from, "f59")
  }

  it("are sent as they are then, whether longer or shorter", async () => {
    const last = crowd()
    await during(() => appendFileSync(last, "234"))
    expect(everything(into())).toEqual(everything(ground.from))
    const again = crowd()
    await during(() => truncateSync(again, 0))
    expect(everything(into())).toEqual(everything(ground.from))
  })

  it("are left out when they vanished, or became something else", async () => {
    const last = crowd()
    await during(() => unlinkSync(last))
    expect(everything(into())).toEqual(everything(ground.from))
    rmSync(into(), { recursive: true })
    crowd()
    await during(() => {
      for (const name of ["f58", "f59"]) unlinkSync(join(ground.from, name))
      symlinkSync("/etc/hostname", join(ground.from, "f58"))
      mkdirSync(join(ground.from, "f59"))
    })
    expect(Object.keys(read(into()))).toHaveLength(58)
  })

  it("hold what could be read of one that yields less than its size says", async () => {
    const shrunken = "/sys/devices/system/cpu/online"
    if (!existsSync(shrunken)) return
    await sync({ from: shrunken, target: "w/online" })
    expect(read(into())).toEqual({ online: readFileSync(shrunken, "utf8") })
  })
})

describe("a sync that ends in the middle", () => {
  /** Until some of it is there, then this. */
  const cut = async (how: (child: ReturnType<typeof startReceive>, abort: AbortController) => void) => {
    write(ground.from, { a: "1", b: "2" })
    writeFileSync(join(ground.from, "large"), Buffer.alloc(64 * 1024 * 1024, "x"))
    const child = startReceive()
    const abort = new AbortController()
    const ended = new Promise((done) => child.once("close", done))
    let begun = false
    const sending = sync({
      child,
      signal: abort.signal,
      onProgress: ({ bytes }) => {
        if (!begun && bytes > 8_000_000) how(child, abort)
        begun ||= bytes > 8_000_000
      }
    })
    await expect(sending).rejects.toBeDefined()
    await ended
    expect(begun).toBe(true)
    expect(read(into())).toEqual({ a: "1", b: "2" })
  }

  it("by kill -9 of the machine's side leaves nothing half in place, and the next one goes on", async () => {
    await cut((child) => child.kill("SIGKILL"))
    expect(readdirSync(ground.incoming)).toHaveLength(1)
    expect(await sync()).toEqual({ files: 1, bytes: 64 * 1024 * 1024 })
    expect(everything(into())).toEqual(everything(ground.from))
    expect(readdirSync(ground.incoming)).toEqual([])
  })

  it("by kill -9 of the sender's side leaves nothing at all", async () => {
    write(ground.from, { a: "1", "z/b": "2" })
    writeFileSync(join(ground.from, "large"), "")
    truncateSync(join(ground.from, "large"), 2 ** 40)
    const { base, from, incoming, ref } = ground
    const program = join(import.meta.dirname, "sender.ts")
    const sender = spawn(process.execPath, [program, agentPath, base, JSON.stringify(ref), from], { stdio: "inherit" })
    const staged = () => (existsSync(incoming) ? readdirSync(incoming, { recursive: true, encoding: "utf8" }) : [])
    const some = () => staged().some((name) => (lstatSync(join(incoming, name), { throwIfNoEntry: false })?.size ?? 0) > 1_000_000)
    await expect.poll(some, { timeout: 20_000 }).toBe(true)
    sender.kill("SIGKILL")
    await expect.poll(staged, { timeout: 20_000 }).toEqual([])
    expect(read(into())).toEqual({ a: "1", "z/": "" })
    rmSync(join(from, "large"))
    expect(await sync()).toEqual({ files: 1, bytes: 1 })
    expect(everything(into())).toEqual(everything(from))
  })

  it("by the end of the line leaves nothing at all", async () => {
    await cut((_, abort) => abort.abort())
    expect(readdirSync(ground.incoming)).toEqual([])
    expect((await sync()).files).toBe(1)
  })

  it("and whose program is not dead yet puts nothing into place once another has begun", async () => {
    write(ground.from, { a: "old", b: "old" })
    writeFileSync(join(ground.from, "large"), Buffer.alloc(16 * 1024 * 1024, "x"))
    const child = startReceive()
    const stopped = Promise.withResolvers<boolean>()
    let begun = false
    const first = sync({
      child,
      onProgress: ({ bytes }) => {
        if (begun || bytes < 4_000_000) return
        begun = true
        stopped.resolve(child.kill("SIGSTOP"))
      }
    })
    // Where it fails before that, it is that which is told.
    await Promise.race([stopped.promise, first])
    rmSync(join(ground.from, "large"))
    write(ground.from, { large: "new" })
    await sync()
    child.kill("SIGCONT")
    await expect(first).rejects.toMatchObject({ kind: "Transient", code: "Overtaken" })
    expect(read(into())).toEqual({ a: "old", b: "old", large: "new" })
    expect(lstatSync(join(into(), "large")).size).toBe(3)
  })
})
