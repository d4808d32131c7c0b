/**
 * When a cluster stops itself. Time is an argument, on the boot clock. A setting resets idleness only when none is active;
 * the same one said again changes nothing. Pure.
 */
export interface Setting {
  /** The log position of the wish: tells a repetition from a new one. */
  readonly setting: number
  /** Negative: cancelled. */
  readonly idleMinutes: number
  readonly down: boolean
}

export interface Idleness {
  readonly setting: Setting | null
  readonly idleSinceMs: number
}

const isActive = (setting: Setting | null) => setting !== null && setting.idleMinutes >= 0

export const onSetting = (now: Idleness, setting: Setting, nowMs: number): Idleness => {
  if (now.setting?.setting === setting.setting) return now
  return { setting, idleSinceMs: isActive(now.setting) ? now.idleSinceMs : nowMs }
}

/** A submission, a busy moment, a sync, the start of the node. */
export const onActivity = (now: Idleness, nowMs: number): Idleness => ({ ...now, idleSinceMs: nowMs })

/** When to fire if nothing happens; null: never. */
export const dueMs = (now: Idleness, busy: boolean, minuteMs: number): number | null =>
  busy || !isActive(now.setting) ? null : now.idleSinceMs + now.setting!.idleMinutes * minuteMs
