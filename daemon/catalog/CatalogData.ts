/**
 * The offers of one cloud as they are stored: columns, each row a place in all of them. Made by `Packer.ts`, read by `Catalog.ts`.
 * Prices are millionths of a USD per hour; zones are bits over the region's list of zones.
 */

/** Of a region: bits of one number that is never negative. */
export const zonesMax = 30

export interface Priced {
  /** Index into `regions`. */
  readonly region: ReadonlyArray<number>
  readonly zones: ReadonlyArray<number>
  /** Null where it cannot be had on demand. */
  readonly usd: ReadonlyArray<number | null>
  /** Null where there is no spot. */
  readonly spot: ReadonlyArray<number | null>
}

export interface CatalogData {
  readonly cloud: string
  /** The day that the prices are of, as YYYY-MM-DD. */
  readonly date: string
  /** Rows of the lists that were left out: their prices cannot be. */
  readonly refused: number
  /** Where it was fetched from, and what it was called there; null for what came with the program. */
  readonly source: { readonly url: string; readonly etag: string | null } | null
  readonly regions: ReadonlyArray<string>
  readonly zones: ReadonlyArray<ReadonlyArray<string>>
  readonly accelerators: ReadonlyArray<string>
  /** Of one device, in MiB; null for what is no GPU. */
  readonly deviceMib: ReadonlyArray<number | null>
  readonly types: {
    readonly name: ReadonlyArray<string>
    /** Null for a type that is part of its accelerator, and costs nothing of its own. */
    readonly vcpus: ReadonlyArray<number | null>
    readonly memoryGib: ReadonlyArray<number | null>
    /** Index into `accelerators`, null for none. */
    readonly accelerator: ReadonlyArray<number | null>
    readonly count: ReadonlyArray<number>
  }
  readonly machines: Priced & { readonly type: ReadonlyArray<number> }
  /** Accelerators that are priced apart from the machine that they are put into. */
  readonly attached: Priced & { readonly accelerator: ReadonlyArray<number>; readonly count: ReadonlyArray<number> }
  readonly imageTags: ReadonlyArray<string>
}
