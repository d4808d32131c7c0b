/** Where nobody could look, in as few sentences as there are reasons for it. Pure. */

export interface Unlooked {
  /** A region or a zone. */
  readonly place: string
  /** What is not looked at there; null: anything. */
  readonly what: string | null
  readonly why: string
}

const namedMax = 3

const placesText = (places: ReadonlyArray<string>, noun: string) => {
  const more = places.length - namedMax
  if (more > 0) return `${places.slice(0, namedMax).join(", ")} and ${more} more ${noun}${more === 1 ? "" : "s"}`
  return places.join(", ")
}

/** Each place's own words name it. */
const withoutPlace = ({ place, why }: Unlooked) => why.replaceAll(` in ${place}`, "")

/** `noun`: what such places are called. */
export const unlookedTexts = (all: ReadonlyArray<Unlooked>, noun: string): ReadonlyArray<string> =>
  [...Map.groupBy(all, (one) => JSON.stringify([one.what, withoutPlace(one)])).values()].map((those) => {
    const [first] = those as [Unlooked]
    const places = placesText(
      those.map(({ place }) => place),
      noun
    )
    const why = those.length === 1 ? first.why : withoutPlace(first)
    if (first.what !== null) return `${first.what} in ${places} are not looked at: ${why}`
    return `${places} ${those.length === 1 ? "is" : "are"} not looked at: ${why}`
  })
