/** What no cluster has, as it is listed, ended and adopted. */
import * as Effect from "effect/Effect"
import type { Leaks as Asked, LeaksAdopt, LeaksEnd } from "../../sdk/protocol/leaks.ts"
import type { Leaks } from "../leaks/Leaks.ts"
import { leakView } from "../leaks/view.ts"

export const leakAnswers = (leaks: Leaks["Service"]) => ({
  leaks: ({ all }: typeof Asked.Type) =>
    Effect.map(leaks.find(all ?? false), (found) => ({ leaks: found.leaks.map(leakView), silent: found.silent })),
  "leaks.end": ({ names }: typeof LeaksEnd.Type) => leaks.end(names),
  "leaks.adopt": ({ as, name }: typeof LeaksAdopt.Type) => leaks.adopt(name, as ?? null)
})
