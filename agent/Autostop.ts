/**
 * Stops the cluster once it has been idle for long enough, from the head, without anybody's help. Idleness is counted on the clock of
 * the boot and written down, so that neither a restart of the agent nor a step of the wall clock moves it; a start of the node does.
 * That clock stands still while the machine sleeps: nobody comes back to a laptop to find that its cluster went meanwhile.
 * In a node's first minute it never fires: whoever started the cluster can still say something else, or give it work.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Head } from "./Head.ts"
import { dueMs, type Idleness, isRepetition, onActivity, onSetting, type Setting } from "./idleness.ts"
import { bootId } from "./processes.ts"

const lookMs = 5000
const acknowledgeMs = 60_000
/** Tests shorten a minute. */
const minuteMs = Number(process.env.SKYD_AGENT_MINUTE_MS ?? 60_000)

/** Since the machine was started, without the time that it slept. */
export const awakeMs = () => Number(process.hrtime.bigint() / 1_000_000n)

export class Autostop {
  readonly #head: Head
  readonly #leave: (down: boolean) => Promise<void>
  readonly #boot = bootId()
  #wasBusy = false
  #timer: NodeJS.Timeout | null = null
  #fired = false
  #requests = 0

  constructor(head: Head, nodeStarted: boolean, leave: (down: boolean) => Promise<void>) {
    this.#head = head
    this.#leave = leave
    if (nodeStarted || head.store.state.idleBoot !== this.#boot) this.activity()
    head.onStep(() => this.look())
  }

  get #idleness(): Idleness {
    const { setting, idleSinceMs } = this.#head.store.state
    return { setting, idleSinceMs }
  }

  async set(setting: Setting): Promise<void> {
    const before = this.#idleness
    const { idleSinceMs } = onSetting(before, setting, awakeMs())
    if (!isRepetition(before.setting, setting)) await this.#head.store.append({ type: "autostop", setting, idleSinceMs, boot: this.#boot })
    this.#lookIn(0)
  }

  /** Does not fire before `work` is done. */
  async during(work: () => unknown): Promise<unknown> {
    this.#requests++
    try {
      return await work()
    } finally {
      this.#requests--
      this.#lookIn(0)
    }
  }

  activity() {
    const { idleSinceMs } = onActivity(this.#idleness, awakeMs())
    this.#head.store.note({ type: "active", idleSinceMs, boot: this.#boot })
  }

  look() {
    if (this.#fired) return
    if (this.#wasBusy && !this.#head.busy) this.activity()
    this.#wasBusy = this.#head.busy
    const due = dueMs(this.#idleness, this.#wasBusy || this.#requests > 0, minuteMs)
    if (due === null) return this.#lookIn(null)
    const leftMs = Math.max(due, this.#head.store.state.startedMs + minuteMs) - awakeMs()
    if (leftMs > 0) this.#lookIn(Math.min(leftMs, lookMs))
    else this.#fire()
  }

  #lookIn(ms: number | null) {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = ms === null ? null : setTimeout(() => this.look(), ms)
  }

  async #fire() {
    this.#fired = true
    this.#head.closed = true
    const { setting, idleSinceMs } = this.#idleness
    const { idleMinutes, down } = setting!
    const idleSinceWallMs = Math.round(Date.now() - (awakeMs() - idleSinceMs))
    await this.#head.reports.tell({ _tag: "AutostopFired", idleMinutes, down, idleSinceMs: idleSinceWallMs })
    // With its machine goes its journal; elsewhere the daemon reads it when all is over.
    if (down && this.#head.folder.identity.powersOff) await this.#acknowledged()
    await this.#leave(down)
  }

  async #acknowledged() {
    for (let waitedMs = 0; waitedMs < acknowledgeMs && !this.#head.journal.allAcknowledged; waitedMs += 100) await sleep(100)
  }
}
