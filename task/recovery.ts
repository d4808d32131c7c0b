/** How a managed spot job would come back. skyd runs none: the value is carried, and a launch with one is refused. */
export const recoveries = ["FAILOVER", "EAGER_NEXT_REGION"] as const
export type Recovery = (typeof recoveries)[number]

/** Null for `none`; undefined for what is no strategy. */
export const parseRecovery = (text: string): Recovery | null | undefined =>
  text.trim().toLowerCase() === "none" ? null : recoveries.find((one) => one === text.toUpperCase())
