/**
 * What a look at a cluster waits for just now, in words: said by the look, heard by who waits for it. A reference, since nobody waits for
 * most looks.
 */
import * as Context from "effect/Context"

export const Looking = Context.Reference<(what: string) => void>("skyd/daemon/Looking", { defaultValue: () => () => {} })

export const whoseTheyAre = "whose the credentials are"
export const whatBecame = "what became of its machines"
