/** `autostop` among the resources of a task: whether its cluster ends itself when idle, after how many minutes, and how. */
export interface AutostopSetting {
  readonly idle_minutes: number
  readonly down: boolean
}

type AutostopField = boolean | number | string | { readonly idle_minutes?: number | string | null; readonly down?: boolean | null }

/** As `sky autostop` takes it when no minutes are given. */
const idleMinutesDefault = 5
export const minutesMax = 1_000_000
const minutesPer = { m: 1, h: 60, d: 24 * 60, w: 7 * 24 * 60 }

const minutesOf = (value: number | string): number | undefined => {
  const [, digits = "", unit = "m"] = /^(\d+)([mhdw])?$/i.exec(String(value)) ?? []
  const minutes = digits === "" ? Number.NaN : Number(digits) * minutesPer[unit.toLowerCase() as keyof typeof minutesPer]
  return minutes <= minutesMax ? minutes : undefined
}

/** Null for none; undefined for what is not understood. */
export const parseAutostop = (field: AutostopField): AutostopSetting | null | undefined => {
  if (field === false) return null
  const { idle_minutes: asked, down } = typeof field === "object" ? field : { idle_minutes: field === true ? null : field, down: false }
  const minutes = minutesOf(asked ?? idleMinutesDefault)
  return minutes === undefined ? undefined : { idle_minutes: minutes, down: down ?? false }
}

/** As a request says it. */
export interface AutostopWish {
  readonly idleMinutesToAutostop?: number | null | undefined
  readonly down?: boolean | null | undefined
}

/** Minutes that are set; null for none. 0 counts as 1, `down` alone is 1 (contract, D07, launch-17). */
export const armedMinutes = ({ down, idleMinutesToAutostop }: AutostopWish): number | null => {
  const asked = idleMinutesToAutostop ?? (down ? 1 : null)
  return asked === null ? null : Math.max(1, asked)
}
