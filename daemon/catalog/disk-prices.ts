/**
 * What a boot disk costs while its machine is off, which no list of machines says: list prices of us-east-1 and us-central1 in USD, as
 * EBS's and Compute Engine's pages of disk prices tell them. Those of the pd kinds and of gp3's size were compared on 2026-11-27, the
 * others were not. Other regions take up to half as much again, so this is said as "about". Pure.
 */
const hoursOfMonth = 730

/** Of a GiB and a month. */
const gib: Readonly<Record<string, number>> = {
  standard: 0.05,
  gp2: 0.1,
  gp3: 0.08,
  "pd-standard": 0.04,
  "pd-balanced": 0.1,
  "pd-ssd": 0.17,
  "hyperdisk-balanced": 0.08
}
/** Of a month, for what a gp3 is told to do beyond what each of them does. */
const gp3 = { iops: 3000, usdPerIops: 0.005, mibPerSecond: 125, usdPerMibPerSecond: 0.04 }

interface PricedDisk {
  readonly kind: string
  readonly gib: number
  readonly iops?: number
  readonly mibPerSecond?: number
}

/** Null where nobody has told its price. */
export const diskUsdPerHour = ({ gib: size, iops = 0, kind, mibPerSecond = 0 }: PricedDisk): number | null => {
  const price = gib[kind]
  if (price === undefined) return null
  const more =
    kind === "gp3"
      ? Math.max(0, iops - gp3.iops) * gp3.usdPerIops + Math.max(0, mibPerSecond - gp3.mibPerSecond) * gp3.usdPerMibPerSecond
      : 0
  return (size * price + more) / hoursOfMonth
}
