/** Money in words: dollars in cents, and what nodes on an offer cost an hour. Pure. */

/** Cents; of less than one, what there is of it. */
export const cents = (usd: number): string => usd.toFixed(usd > 0 && usd < 0.01 ? 4 : 2)
export const dollars = (usd: number): string => (usd > 0 && usd < 0.000_05 ? "<$0.0001" : `$${cents(usd)}`)

interface Priced {
  readonly usdPerHour: number
  readonly instanceType?: string | null
  /** Of which day the price is; null where it is of no list. */
  readonly catalog?: string | null
}

/** What is rented has a type, and where no list has that, nobody knows its price. What is the user's own has none, and is free. */
export const hasPrice = ({ catalog, instanceType = null, usdPerHour }: Priced): boolean =>
  usdPerHour > 0 || catalog !== null || instanceType === null

const notKnown = "not known"

/** `free`, `$3.06`, `not known`, where it stands under a title. */
export const priceCell = (usdPerHour: number | null): string =>
  usdPerHour === null ? notKnown : usdPerHour === 0 ? "free" : dollars(usdPerHour)

/** `free`, `$3.06 an hour`, `price not known`. */
export const priceText = (offer: Priced, numNodes = 1): string =>
  hasPrice(offer) ? `${priceCell(numNodes * offer.usdPerHour)}${offer.usdPerHour === 0 ? "" : " an hour"}` : `price ${notKnown}`
