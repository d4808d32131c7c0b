/** The disk that a node starts from: its size in GiB and its tier. */
export const diskGibDefault = 256

/** Of a disk that begins as a copy of another one: no smaller than that, and else as any. */
export const copiedGib = (sourceGib: number, asked = diskGibDefault): number => Math.max(sourceGib, asked)

const pattern = /^(\d+)\s*(gi?b?|ti?b?)?$/i

/** Undefined for what is no whole number of GiB from 1 up. */
export const parseDiskGib = (size: number | string): number | undefined => {
  const [, digits = "", unit = ""] = pattern.exec(String(size)) ?? []
  const gib = digits === "" ? Number.NaN : Number(digits) * (/^t/i.test(unit) ? 1024 : 1)
  return Number.isSafeInteger(gib) && gib > 0 ? gib : undefined
}

export const diskTiers = ["low", "medium", "high", "best"] as const
export type DiskTier = (typeof diskTiers)[number]

/** `none` takes back what stands outside; undefined for what is no tier. */
export const parseDiskTier = (text: string): DiskTier | "none" | undefined =>
  [...diskTiers, "none" as const].find((tier) => tier === text.toLowerCase())

export const isTierAtMost = (a: DiskTier, b: DiskTier) => diskTiers.indexOf(a) <= diskTiers.indexOf(b)
