/** What a head says again to a worker whose connection broke: what is over there is not begun anew. */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { type Frame, readFrames, writeFrame } from "../../agent/frames.ts"
import { Handed } from "../../agent/Handed.ts"
import { RemoteHost } from "../../agent/hosts.ts"
import { Ssh } from "../../agent/ssh.ts"
import { emptyState } from "../../agent/state.ts"

const ends: Array<() => void> = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** A worker that answers what `answers` lets it. */
const worker = async (answers: (method: string) => boolean) => {
  const folder = mkdtempSync(join(tmpdir(), "skyd-"))
  const socket = join(folder, "sock")
  const heard: Array<string> = []
  let line: Socket | undefined
  let wake = () => {}
  const server = createServer((stream) => {
    line = stream
    stream.on("error", () => undefined)
    readFrames(
      stream,
      ({ data }: Frame) => {
        const { id, method } = data as { id: string; method: string }
        if (method.startsWith("rank.") && method !== "rank.watch") heard.push(method)
        if (answers(method)) writeFrame(stream, "result", { id, value: {} })
        wake()
      },
      () => stream.destroy()
    )
  })
  await new Promise<void>((done) => server.listen(socket, done))
  ends.push(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  return {
    folder,
    socket,
    heard,
    until: async (is: () => boolean) => {
      while (!is())
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
    tells: (view: object) => writeFrame(line!, "rank", { view }),
    breaks: () => line!.destroy()
  }
}

describe("a worker that was killed before it answered a start, and after all of it was over", () => {
  it("is told to forget it, and not to start it again", async () => {
    const one = await worker((method) => method === "hello")
    const state = emptyState("c", "head")
    const store = { settled: Promise.resolve(), state, append: async () => undefined }
    let poked = () => {}
    const head = {
      folder: { identity: { cluster: "c" } },
      handed: new Handed(state),
      journal: { id: "j" },
      poke: () => poked(),
      ssh: new Ssh(one.folder),
      store
    }
    const host = new RemoteHost({ rank: 1, node: "w", address: "127.0.0.1", socket: one.socket }, head as never)
    ends.push(() => host.close())
    const order = { key: "job-1", rank: 1, script: "", environment: {}, secrets: {}, log: "l" }
    host.start("job-1", 1, () => order)
    await one.until(() => one.heard.includes("rank.start"))
    const seen = new Promise<void>((resolve) => {
      poked = () => host.view("job-1", 1)?.quiet && resolve()
    })
    one.tells({ key: "job-1", rank: 1, pid: 7, exit: { code: 0, reason: null }, quiet: true })
    await seen
    host.forget("job-1", 1)
    await one.until(() => one.heard.includes("rank.forget"))
    one.heard.length = 0
    one.breaks()
    await one.until(() => one.heard.includes("rank.forget"))
    expect(one.heard).toEqual(["rank.forget"])
  })
})
