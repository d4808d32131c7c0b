/** How long a sync to a machine takes beside `rsync -a`, both between two folders of this one: the program's start counts, a line's does not. */
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import { ulid } from "ulid"
import { send } from "../daemon/remote/send.ts"
import { listFiles } from "../daemon/sync/list-files.ts"
import { openMachine } from "../machine/Machine.ts"
import type { NodeRef } from "../machine/shapes.ts"
import { type Bench, type Figure, inTurns, ms, node } from "./measure.ts"

const agentPath = resolve(import.meta.dirname, "../dist/agent.cjs")
const small = 5_000
const largeMb = 100
const times = 5
const { signal } = new AbortController()

interface Ground {
  readonly folder: string
  readonly ref: NodeRef
}

/** A machine as ssh has them, with a home of the user's. */
const makeGround = async (): Promise<Ground> => {
  const folder = mkdtempSync(join(tmpdir(), "skyd-bench-"))
  for (const name of ["home", "rsync", "from"]) mkdirSync(join(folder, name))
  const machine = await openMachine({ base: join(folder, "base"), agentPath, environment: async () => ({}) })
  const tags = { log: ulid(), cluster: ulid(), clusterName: "bench" }
  const token = ulid()
  const offer = { cloud: "ssh", region: "pool", zone: null, cpus: 1, memoryGib: 1, accelerators: null }
  await machine.provision({ tags, token, ranks: [{ rank: 0, address: "" }], offer, home: join(folder, "home") }, signal)
  return { folder, ref: { tags, rank: 0, node: `${token}-0` } }
}

const syncMs = async ({ folder, ref }: Ground): Promise<number> => {
  const startMs = performance.now()
  const { stdin, stdout } = spawn(node, [agentPath, "receive", join(folder, "base")], { stdio: ["pipe", "pipe", "inherit"] })
  const files = await Effect.runPromise(listFiles(join(folder, "from")))
  await send(Duplex.from({ readable: stdout, writable: stdin }), ref, files, "w", { signal })
  return performance.now() - startMs
}

const rsyncMs = async ({ folder }: Ground): Promise<number> => {
  const startMs = performance.now()
  const rsync = spawn("rsync", ["-a", `${folder}/from/`, `${folder}/rsync/w/`], { stdio: "ignore" })
  const code = await new Promise((done) => rsync.once("exit", done))
  if (code !== 0) throw new Error(`rsync: exit ${code}`)
  return performance.now() - startMs
}

const figures = async (what: string, write: (from: string) => void): Promise<ReadonlyArray<Figure>> => {
  const ground = await makeGround()
  const { folder } = ground
  const anew = (name: string) => rmSync(join(folder, name, "w"), { recursive: true, force: true })
  try {
    write(join(folder, "from"))
    const first = async (name: string, run: (ground: Ground) => Promise<number>) => {
      anew(name)
      return run(ground)
    }
    const taken = await inTurns(
      {
        first: () => first("home", syncMs),
        again: () => syncMs(ground),
        rsyncFirst: () => first("rsync", rsyncMs),
        rsyncAgain: () => rsyncMs(ground)
      },
      times
    )
    const figure = (which: string, own: number, rsync: number): Figure => ({
      what: `sync of ${what}, ${which}, over rsync -a`,
      value: own / rsync,
      budget: 1,
      unit: "×",
      detail: `${ms(own)}, rsync ${ms(rsync)}; median of ${times}`
    })
    return [figure("first", taken.first, taken.rsyncFirst), figure("unchanged", taken.again, taken.rsyncAgain)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const writeSmall = (from: string) => {
  for (let i = 0; i < small; i++) {
    if (i < 100) mkdirSync(join(from, `d${i}`))
    writeFileSync(join(from, `d${i % 100}`, `f${i}.py`), Buffer.alloc(500 + ((i * 37) % 4_000), "x"))
  }
}

export const sync: Bench = {
  name: "sync",
  run: async () => {
    if (spawnSync("rsync", ["--version"], { stdio: "ignore" }).status !== 0) return []
    return [
      ...(await figures("5,000 small files", writeSmall)),
      ...(await figures(`${largeMb} MB`, (from) => writeFileSync(join(from, "large"), Buffer.alloc(largeMb * 1_000_000, "x"))))
    ]
  }
}
