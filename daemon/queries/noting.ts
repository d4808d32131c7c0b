/** Damage that the answer to a question comes upon is not forgotten with that answer. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Damage } from "../../sdk/protocol/audit.ts"
import { damageOf } from "../audit/Proof.ts"
import type { EventLog } from "../log/EventLog.ts"
import { LogDamaged } from "../log/LogDamaged.ts"
import { noteDamage } from "../log/noted-damage.ts"
import type { Notices } from "../Notices.ts"

/** Where it is read-only all is said; and files that are away may come back. */
export const noteIn = (home: string, notices: Notices["Service"]) => (damage: Damage | null) =>
  Effect.suspend(() =>
    damage === null || notices.get("damage") !== undefined || notices.get("places") !== undefined
      ? Effect.void
      : Effect.try({ try: () => noteDamage(home, damage), catch: (cause) => cause as Error })
  ).pipe(Effect.catch(({ message }) => Effect.logWarning(`that the log is damaged cannot be noted: ${message}`)))

/** What is read of the log, with a note of the damage that ends it. */
export const noting = (log: EventLog["Service"], note: ReturnType<typeof noteIn>): EventLog["Service"] => {
  const tell = (error: unknown) => (error instanceof LogDamaged ? note(damageOf(error)) : Effect.void)
  return {
    ...log,
    event: (seq) => Effect.tapError(log.event(seq), tell),
    read: (from, to) => Stream.tapError(log.read(from, to), tell)
  }
}
