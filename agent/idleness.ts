/**
 * When a cluster stops itself. Time is an argument, on the boot clock. A setting resets idleness only when none is active;
 * the same one said again changes nothing. Pure.
 */
export interface Setting {
  /** The log position of the wish. */
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

/** A log that was put back from a backup gives a position twice: only with the same wish is it the same setting. */
export const isRepetition = (known: Setting | null, { down, idleMinutes, setting }: Setting) =>
  (!isActive(known) && idleMinutes < 0) || (known?.setting === setting && known.idleMinutes === idleMinutes && known.down === down)

export const onSetting = (now: Idleness, setting: Setting, nowMs: number): Idleness => {
  if (isRepetition(now.setting, setting)) return now
  return { setting, idleSinceMs: isActive(now.setting) ? now.idleSinceMs : nowMs }
}

/** A submission, a busy moment, a sync, the start of the node. */
export const onActivity = (now: Idleness, nowMs: number): Idleness => ({ ...now, idleSinceMs: nowMs })

/** When to fire if nothing happens; null: never. */
export const dueMs = (now: Idleness, busy: boolean, minuteMs: number): number | null =>
  busy || !isActive(now.setting) ? null : now.idleSinceMs + now.setting!.idleMinutes * minuteMs
