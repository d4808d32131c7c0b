/** Streams of the SDK, and what ends a wait: nothing is missed, nothing doubled, and no program is kept from its end. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { program, refused, startProgram, use } from "./api.ts"
import { eventually, Home, kill } from "./home.ts"

const home = new Home()
const sky = use(home)
const quiet = { streamLogs: false } as const
const counting = (to: number, pause = "0") => new sky.Task({ run: `for i in $(seq ${to}); do echo line $i; sleep ${pause}; done` })
const lines = (to: number) => Array.from({ length: to }, (_, i) => `line ${i + 1}\n`).join("")

describe("tailLogs", () => {
  it("gives a job's output and ends with it, also when the job is over", async () => {
    await sky.launch(counting(50), { clusterName: "a", ...quiet })
    for (const options of [{}, { jobId: 1 }, { follow: false }]) {
      let text = ""
      for await (const piece of sky.tailLogs("a", options)) {
        expect(piece).toMatchObject({ rank: 0, prefix: expect.stringContaining("pid=") })
        text += piece.text
      }
      expect(text).toBe(lines(50))
    }
  })

  it("keeps letters whole that come in pieces", async () => {
    const run = "printf '\\303'; sleep 0.3; printf '\\244\\n'; printf '\\377\\n'"
    const { jobId } = await sky.exec(new sky.Task({ run }), "a", quiet)
    let text = ""
    for await (const piece of sky.tailLogs("a", { jobId })) text += piece.text
    expect(text).toBe("ä\n\ufffd\n")
  })

  it("throws what is wrong from the loop", async () => {
    const read = (name: string, jobId?: number) => async () => {
      for await (const _ of sky.tailLogs(name, { jobId })) break
    }
    expect(await refused(read("nope"))).toBeInstanceOf(sky.exceptions.ClusterDoesNotExist)
    expect(await refused(read("a", 99))).toBeInstanceOf(sky.exceptions.JobDoesNotExist)
  })

  it("loses nothing of a large log to a slow reader", async () => {
    const { jobId } = await sky.exec(new sky.Task({ run: "seq 300000" }), "a", quiet)
    let text = ""
    let pieces = 0
    for await (const piece of sky.tailLogs("a", { jobId })) {
      if (++pieces % 10 === 0) await new Promise((done) => setImmediate(done))
      text += piece.text
    }
    expect(text.split("\n")).toHaveLength(300_001)
  })

  it("launch-31, launch-32, launch-33: a detached setup goes on without its caller, is followed, and cancelled", async () => {
    const task = 'new sky.Task({ setup: "echo begins; sleep 0.5; touch ~/marker; echo ends", run: "ls ~/marker" })'
    const { child, ended } = startProgram(home, `await sky.launch(${task}, { clusterName: "d", detachSetup: true, streamLogs: false })`)
    await eventually(async () => (await sky.status({ clusterNames: "d" })).length > 0 && (await sky.jobStatus("d"))[1] === "SETTING_UP")
    kill(child.pid!)
    await ended
    let text = ""
    for await (const piece of sky.tailLogs("d", { jobId: 1 })) text += piece.text
    expect(text).toMatch(/begins\nends\n.*marker\n/)
    const slow = new sky.Task({ setup: "sleep 60", run: "true" })
    const { jobId } = await sky.launch(slow, { clusterName: "d", detachSetup: true, detachRun: true, ...quiet })
    await eventually(async () => (await sky.jobStatus("d"))[jobId!] === "SETTING_UP")
    expect(await sky.cancel("d", { jobIds: [jobId!] })).toEqual([jobId])
    await eventually(async () => (await sky.jobStatus("d"))[jobId!] === "CANCELLED")
  })
})

describe("downloadLogs", () => {
  it("copies a rank's bytes as they were written, of the latest job or of those that are named", async () => {
    const { jobId } = await sky.exec(new sky.Task({ run: "printf 'a\\377b\\r'" }), "a", quiet)
    const localDir = join(home.path, "logs")
    const folders = await sky.downloadLogs("a", { localDir })
    expect(Object.keys(folders)).toEqual([String(jobId)])
    expect(readFileSync(join(folders[jobId!]!, "rank-0.log"))).toEqual(Buffer.from("a\xffb\r", "latin1"))
    expect(Object.keys(await sky.downloadLogs("a", { jobIds: [1, 2], localDir }))).toEqual(["1", "2"])
    expect(await sky.downloadLogs("a", { jobIds: [] })).toEqual({})
  })

  it("says why a folder cannot be written to", async () => {
    const error = await refused(() => sky.downloadLogs("a", { localDir: "/dev/null/x" }))
    expect(error).toBeInstanceOf(sky.exceptions.ValueError)
    expect(error.message).toMatch(/^The logs cannot be written to \/dev\/null\/x\/.*: a part of its path is a file\.$/)
  })
})

describe("events", () => {
  it("are all facts from a position on, without gaps", async () => {
    const seqs: Array<number> = []
    for await (const { seq } of sky.events({ after: 3 })) seqs.push(seq)
    expect(seqs).toEqual(seqs.map((_, i) => i + 4))
    expect(seqs.length).toBeGreaterThan(20)
  })

  it("with follow and no position begin now", async () => {
    const stream = sky.events({ follow: true })
    const first = stream.next()
    await eventually(async () => {
      await sky.exec(new sky.Task(), "a", quiet)
      return Promise.race([first.then(() => true), new Promise<boolean>((done) => setImmediate(() => done(false)))])
    })
    expect((await first).value!.event._tag).toBe("OperationRequested")
    await stream.return!()
  })
})

describe("a program", () => {
  it("ends by itself after its last call, after a loop that it left, and after one that it never read", async () => {
    const text = `await sky.status()
      for await (const _ of sky.events({ follow: true, after: 0 })) break
      for await (const _ of sky.tailLogs("a", { jobId: 1 })) break
      sky.tailLogs("a")
      const waiting = sky.events({ follow: true })
      const next = waiting.next()
      await waiting.return()
      console.log((await next).done)`
    expect(await program(home, text)).toEqual({ code: 0, out: "true\n", err: "" })
  })

  it("that is the first to ask starts the daemon and ends", async () => {
    const other = new Home()
    expect(await program(other, "console.log((await sky.status()).length)")).toEqual({ code: 0, out: "0\n", err: "" })
  })

  it("finds its failures where it awaits", async () => {
    const text = 'try { await sky.stop("nope") } catch (error) { console.log(error.name, error instanceof sky.exceptions.ValueError) }'
    expect((await program(home, text)).out).toBe("ClusterDoesNotExist true\n")
  })
})

describe("a signal", () => {
  it("ends the waiting and not the work, and says so", async () => {
    const wait = new AbortController()
    const task = new sky.Task({ run: "sleep 0.5; echo done > ~/went-on" })
    const going = refused(() => sky.launch(task, { clusterName: "s", signal: wait.signal, ...quiet }))
    await eventually(async () => (await sky.status({ clusterNames: "s" })).length > 0)
    wait.abort("enough")
    const error = await going
    expect(error).toMatchObject({ name: "AbortError", cause: "enough", message: expect.stringContaining("goes on") })
    const operations = await home.json("ops", "-a")
    expect(operations.some(({ id }: { readonly id: string }) => id === error.operation)).toBe(true)
    await eventually(async () => (await sky.jobStatus("s"))[1] === "SUCCEEDED")
  })

  it("ends a stream", async () => {
    const wait = new AbortController()
    const reading = refused(async () => {
      for await (const _ of sky.events({ follow: true, after: 0, signal: wait.signal })) wait.abort()
    })
    expect(await reading).toBeInstanceOf(sky.exceptions.AbortError)
  })
})
