/** The state folder of a storm, what lives in it, and the story of what was done to it. Kept when the storm was a red one. */
import { existsSync, readdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { eventually, Home, kill, processesOf, type Ran } from "../e2e/home.ts"
import { keepName } from "../scratch.ts"
import { openToAll, Rack } from "./Rack.ts"

/** Far longer than anything takes here: what is not over then has no end. */
export const endMaxMs = 150_000

const agentMinuteMs = "2000"
/** One line for each run of a rank of a job, and of a setup: `<number> <rank>`. Outside of every node. */
export const ranName = "ran"
export const setUpName = "set-up"

/** Of the story, told when it ends badly. */
const toldLines = 40

export class StormHome extends Home {
  /** The storm was a red one: nothing more is done, and the folder stays. */
  isRed = false
  private readonly story: Array<string> = []
  private readonly beganMs = Date.now()

  constructor() {
    // The daemon dies more often than one may that still acts on its clusters; an idle minute is two seconds.
    super({ SKYD_DAEMON_MINUTE_MS: "0", SKYD_AGENT_MINUTE_MS: agentMinuteMs })
  }

  /** Null: its nodes are local. */
  rack: Rack | null = null

  /** Its nodes are machines of its own, over ssh. */
  async overSsh(): Promise<void> {
    this.rack = await Rack.start(this.state, { SKYD_AGENT_MINUTE_MS: agentMinuteMs })
    openToAll(this.path, ranName, setUpName)
  }

  /** Of all that it started, wherever that runs. */
  processes(): ReadonlyArray<number> {
    return [...processesOf(this.path), ...(this.rack?.processes() ?? [])]
  }

  /** What lies in a folder of the nodes' ground: on all machines, or in the state folder. */
  listed(folder: string): ReadonlyArray<string> {
    if (this.rack !== null) return this.rack.listed(folder)
    const path = join(this.state, folder)
    return existsSync(path) ? readdirSync(path) : []
  }

  /** Killed, and so without an exit code, when it has no end. */
  override async sky(...args: ReadonlyArray<string>): Promise<Ran> {
    const { child, ended } = this.start(...args)
    const timer = setTimeout(() => child.kill("SIGKILL"), endMaxMs)
    return ended.finally(() => clearTimeout(timer))
  }

  tell(what: string): void {
    this.story.push(`${((Date.now() - this.beganMs) / 1000).toFixed(2).padStart(7)}  ${what}`)
  }

  /** The end of the story; all of it lies in the folder from then on. */
  latest(): string {
    writeFileSync(join(tmpdir(), keepName), "")
    writeFileSync(join(this.path, "story.txt"), `${this.story.join("\n")}\n`)
    return this.story.slice(-toldLines).join("\n")
  }

  override async end(): Promise<void> {
    if (!this.isRed) {
      await super.end()
      await this.rack?.end()
      return
    }
    await this.rack?.end()
    await eventually(() => {
      const left = processesOf(this.path)
      for (const pid of left) kill(pid)
      return left.length === 0
    })
  }
}
