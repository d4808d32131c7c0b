/** Money in words: dollars in cents, and what nodes on an offer cost an hour. Pure. */

/** Cents; of less than one, what there is of it. */
export const cents = (usd: number): string => usd.toFixed(usd > 0 && usd < 0.01 ? 4 : 2)
export const dollars = (usd: number): string => (usd > 0 && usd < 0.000_05 ? "<$0.0001" : `$${cents(usd)}`)

/** `free`, `$3.06`, where it stands under a title. */
export const priceCell = (usdPerHour: number): string => (usdPerHour === 0 ? "free" : dollars(usdPerHour))

/** `free`, `$3.06 an hour`. */
export const priceText = ({ usdPerHour }: { readonly usdPerHour: number }, numNodes = 1): string =>
  `${priceCell(numNodes * usdPerHour)}${usdPerHour === 0 ? "" : " an hour"}`
