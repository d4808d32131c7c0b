/**
 * A storm over the real daemon: clients that ask for all there is on several clusters, and kill -9 of the daemon, the agents and the
 * clients at random moments; over ssh, machines that lose their connections, their link or their power as well. Now and then it is quiet, and everything is looked at. A seed makes all choices; when is the machine's.
 */
import type { ChildProcess } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { eventually, sleep } from "../e2e/home.ts"
import { dice } from "../fuzz/dice.ts"
import { strike } from "./blows.ts"
import { checkNothingLeft } from "./check-machine.ts"
import { perform, type Tale } from "./clients.ts"
import { type Blow, chooseBlow, chooseDeed, type Deed, workdirOf } from "./deeds.ts"
import { Ledger } from "./Ledger.ts"
import { check, settle } from "./quiet.ts"
import type { StormHome } from "./StormHome.ts"
import { Watcher } from "./Watcher.ts"

const clientsAtOnce = 3
const deedsMin = 3
const deedsMore = 3
const blowsMin = 4
const blowsMore = 6
const workFiles = 20
/** Of the daemons that may end cleanly when it is quiet. */
const snapshotShare = 0.5

/** What went wrong, with the seed, the last choices, and where the rest is. */
class Red extends Error {
  constructor(wrong: string, seed: number, kills: number, home: StormHome) {
    super(
      `${wrong}\n\nThe last of it:\n${home.latest()}\n\nAgain: npm run storm -- --kills ${kills} --seed ${seed}${home.rack === null ? "" : " --cloud ssh"}\nKept: ${home.path}`
    )
  }
}

const strikeAll = async (home: StormHome, blows: ReadonlyArray<Blow>, alive: Set<ChildProcess>): Promise<ReadonlyArray<Tale>> => {
  const begun: Array<Promise<ReadonlyArray<Tale>>> = []
  for (const blow of blows) {
    await sleep(blow.afterMs)
    await eventually(() => strike(home, blow, alive))
    begun.push(perform(home, blow.deeds, alive))
    if (!blow.wakes) continue
    const { code, err } = await home.sky("status")
    if (code !== 0) throw new Error(`after a kill sky status ended with ${code}: ${err}`)
  }
  return (await Promise.all(begun)).flat()
}

const complain = (wrong: ReadonlyArray<string>) => {
  if (wrong.length > 0) throw new Error(wrong.join("\n"))
}

const run = async (home: StormHome, seed: number, kills: number, onQuiet: (killed: number, facts: number) => void): Promise<void> => {
  const d = dice(seed)
  const cloud = home.rack === null ? "local" : "ssh"
  const ledger = new Ledger()
  const deeds = new Map<number, Deed>()
  const tales: Array<Tale> = []
  mkdirSync(workdirOf(home.path))
  for (let i = 0; i < workFiles; i++) writeFileSync(join(workdirOf(home.path), `${i}`), `${i}\n`)
  for (let killed = 0; killed < kills; ) {
    const watcher = new Watcher(home)
    const choose = (_?: unknown, at?: number) => {
      const deed = chooseDeed(d, deeds.size + 1, killed === 0 && at === 0, cloud)
      deeds.set(deed.n, deed)
      return deed
    }
    const plans = Array.from({ length: clientsAtOnce }, () => Array.from({ length: deedsMin + d.below(deedsMore) }, choose))
    const blows = Array.from({ length: Math.min(kills - killed, blowsMin + d.below(blowsMore)) }, () => chooseBlow(d, choose, cloud))
    const alive = new Set<ChildProcess>()
    const told = await Promise.all([...plans.map((plan) => perform(home, plan, alive)), strikeAll(home, blows, alive)])
    const latest = told.flat()
    tales.push(...latest)
    killed += blows.length
    await home.rack?.whole()
    await settle(home, ledger, deeds)
    home.tell(`quiet at event ${ledger.facts.length}`)
    complain([...(await watcher.end(ledger.facts)), ...(await check(home, ledger, tales, latest))])
    onQuiet(killed, ledger.facts.length)
    // Then the next daemon goes on from a snapshot.
    if (d.chance(snapshotShare)) await home.sky("daemon", "stop")
  }
  home.tell("the end")
  const { code, err } = await home.sky("down", "-a", "-y")
  if (code !== 0) throw new Error(`sky down -a ended with ${code}: ${err}`)
  await settle(home, ledger, deeds)
  complain(await check(home, ledger, tales, []))
  await home.sky("daemon", "stop")
  const left = () => checkNothingLeft(home)
  complain(await eventually(left, (wrong) => wrong.length === 0).catch(left))
}

export const storm = async (home: StormHome, seed: number, kills: number, onQuiet: (killed: number, facts: number) => void) => {
  try {
    await run(home, seed, kills, onQuiet)
  } catch (cause) {
    home.isRed = true
    const wrong = cause instanceof Error ? cause.message : String(cause)
    home.tell(wrong)
    throw new Red(wrong, seed, kills, home)
  }
}
