/** examples/scripting/: clients written after docs/protocol.md, in three languages, on the real daemon and over connections that break. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Home, root } from "./home.ts"

const sky = `${process.execPath} ${join(root, "bin/sky.cjs")}`

const found = (program: string) =>
  (process.env["PATH"] ?? "")
    .split(":")
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path))

/** What each needs. */
const clients: ReadonlyArray<readonly [name: string, file: string, needs: ReadonlyArray<string>]> = [
  ["Python", "launch.py", ["python3"]],
  ["Node", "launch.mjs", []],
  ["bash with socat", "launch.sh", ["bash", "jq", "socat"]],
  ["bash with nc", "launch.sh", ["bash", "jq", "nc"]]
]

/** bash takes socat where there is one: for nc, a PATH with all but that. The daemon that a client starts, and its jobs, get it too. */
const pathOf = (home: Home, needs: ReadonlyArray<string>): string | undefined => {
  const path = process.env["PATH"]
  if (!needs.includes("nc")) return path
  const folder = mkdtempSync(join(home.path, "bin-"))
  const names = new Map(
    (path ?? "")
      .split(":")
      .reverse()
      .filter(existsSync)
      .flatMap((of) => readdirSync(of).map((name) => [name, join(of, name)]))
  )
  for (const [name, file] of names) if (name !== "socat") symlinkSync(file, join(folder, name))
  return folder
}

interface Ran {
  readonly code: number | null
  readonly out: Buffer
  readonly err: string
}

const starter =
  (home: Home, file: string, needs: ReadonlyArray<string>) =>
  (command: string, env: NodeJS.ProcessEnv = {}, cluster = "box") => {
    const child: ChildProcess = spawn(join(root, "examples/scripting", file), [cluster, command], {
      env: { ...home.env, PATH: pathOf(home, needs), SKY: sky, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const out: Array<Buffer> = []
    let err = ""
    let wake = () => {}
    child.stdout!.on("data", (chunk: Buffer) => {
      out.push(chunk)
      wake()
    })
    child.stderr!.on("data", (chunk: Buffer) => {
      err += chunk
    })
    const ended = new Promise<Ran>((done) => child.once("close", (code) => done({ code, out: Buffer.concat(out), err })))
    const printed = async (text: string) => {
      while (!Buffer.concat(out).includes(text)) {
        const over = await Promise.race([new Promise<undefined>((done) => (wake = () => done(undefined))), ended])
        if (over !== undefined) throw new Error(`it ended: ${JSON.stringify(over)}`)
      }
    }
    return { ended, printed }
  }

/** The events that a client has told of, and those that there are between them. */
const expectEachOnce = async (home: Home, { err }: Ran) => {
  const told = err.match(/^\d+ \w+$/gm) ?? []
  const last = told.at(-1) ?? ""
  const all = (await home.json("events", "--tail", "100000", "box")) as ReadonlyArray<{ seq: number; event: { _tag: string } }>
  const there = all.map(({ event, seq }) => `${seq} ${event._tag}`)
  expect(last).toMatch(/JobEnded$/)
  expect(told).toEqual(there.slice(there.indexOf(told[0]!), there.indexOf(last) + 1))
}

describe.each(clients)("the example in %s", (name, file, needs) => {
  const missing = needs.filter((program) => found(program) === undefined)
  if (missing.length > 0) console.warn(`NOT TESTED: the example in ${name}, for ${missing.join(" and ")} is not installed.`)
  // One each: a daemon that is killed three times within a minute leaves all clusters alone.
  const home = new Home()
  const start = starter(home, file, needs)
  const one = it.skipIf(missing.length > 0)

  one("launches, prints the job's bytes as they are, and ends with its exit code", async () => {
    const ran = await start(String.raw`printf 'größe \377\000 no end'; exit 3`).ended
    expect(ran.out).toEqual(Buffer.concat([Buffer.from("größe "), Buffer.from([255, 0]), Buffer.from(" no end")]))
    expect(ran.code).toBe(3)
    await expectEachOnce(home, ran)
    expect(await start("echo fine").ended).toMatchObject({ code: 0, out: Buffer.from("fine\n") })
  })

  one("says why a launch is refused, and ends with the code of that", async () => {
    expect(await start("true", {}, "-x").ended).toMatchObject({
      code: 2,
      out: Buffer.alloc(0),
      err: expect.stringContaining("Invalid cluster name")
    })
  })

  one("goes on where it was when the daemon is killed in the middle, and starts it again", async () => {
    const gate = join(home.path, `gate-${needs.join("-")}`)
    const running = start(`echo one; until [ -e ${gate} ]; do sleep 0.05; done; echo two; exit 7`)
    await running.printed("one\n")
    process.kill(await home.daemonPid(), "SIGKILL")
    writeFileSync(gate, "")
    const ran = await running.ended
    expect(ran.out.toString()).toBe("one\ntwo\n")
    expect(ran.code).toBe(7)
    await expectEachOnce(home, ran)
  })

  one("loses and doubles nothing over connections that bring a few bytes at a time and break off in the middle", async () => {
    await home.sky("daemon", "start")
    const state = mkdtempSync(join(home.path, "cut-"))
    await using line = await cuttingLine(join(home.state, "run/sock"), join(state, "run"))
    const ran = await start("seq 300; printf '\\377\\376'; seq 300; exit 9", { SKYD_HOME: state, SKY: "true" }).ended
    const numbers = Array.from({ length: 300 }, (_, i) => `${i + 1}\n`).join("")
    expect(ran.out).toEqual(Buffer.concat([Buffer.from(numbers), Buffer.from([255, 254]), Buffer.from(numbers)]))
    expect(ran.code).toBe(9)
    expect(line.cuts).toBeGreaterThan(5)
    await expectEachOnce(home, ran)
  })
})

/** Stands before the daemon's socket: hands answers on in small pieces, and breaks off, each time a little later. */
const cuttingLine = async (behind: string, folder: string) => {
  const line = { cuts: 0 }
  const server = createServer((client) => {
    const daemon = connect(behind)
    const most = 150 + 450 * line.cuts
    let sent = 0
    const end = () => {
      client.destroy()
      daemon.destroy()
    }
    client.on("data", (bytes) => daemon.write(bytes)).on("error", end)
    client.on("close", end)
    daemon.on("error", end).on("close", () => client.end())
    daemon.on("data", (bytes: Buffer) => {
      for (let at = 0; at < bytes.length && !client.destroyed; at += 7) {
        client.write(bytes.subarray(at, at + 7))
        sent += 7
        if (sent < most) continue
        line.cuts++
        client.destroySoon()
        daemon.destroy()
        return
      }
    })
  })
  mkdirSync(folder)
  await new Promise<void>((done) => server.listen(join(folder, "sock"), done))
  return Object.assign(line, { [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())) })
}
