/** Autostop of a simulated head: the agent's own rule of idleness, on virtual time. */
import { Effect, type Fiber } from "effect"
import { dueMs, type Idleness, onActivity, onSetting, type Setting } from "../../agent/idleness.ts"

const minuteMs = 60_000

export interface SimHead {
  readonly inWorld: <A>(work: Effect.Effect<A>) => Fiber.Fiber<A>
  readonly nowMs: () => number
  readonly isBusy: () => boolean
  readonly fire: (setting: Setting, idleSinceMs: number) => void
}

export class SimAutostop {
  private idleness: Idleness = { setting: null, idleSinceMs: 0 }
  private bootedAtMs = 0
  private readonly head: SimHead

  constructor(head: SimHead) {
    this.head = head
    this.boot()
  }

  /** The node has started. */
  boot(): void {
    this.bootedAtMs = this.head.nowMs()
    this.activity()
  }

  set(setting: Setting): void {
    this.look(onSetting(this.idleness, setting, this.head.nowMs()))
  }

  activity(): void {
    this.look(onActivity(this.idleness, this.head.nowMs()))
  }

  /** Fires when nothing has happened until it is due, and never in the first minute of its node. */
  private look(idleness: Idleness): void {
    this.idleness = idleness
    const due = dueMs(idleness, this.head.isBusy(), minuteMs)
    if (due === null) return
    const end = Effect.sync(() => this.idleness === idleness && this.head.fire(idleness.setting!, idleness.idleSinceMs))
    this.head.inWorld(Effect.delay(end, Math.max(due, this.bootedAtMs + minuteMs) - this.head.nowMs()))
  }
}
