/**
 * The lists of offers for who asks no daemon: the SDK, which loads this when a price is asked for. It is a bundle of its own, `prices.cjs`,
 * behind the shape in `task/Offers.ts`.
 */
import type { Offers } from "../../task/Offers.ts"
import { openCatalogs } from "./Catalogs.ts"

/** The folders of those that came with the program, and of those that were fetched since. */
export const offersIn = (packed: string, fetched: string): Offers => openCatalogs(packed, fetched).of
