/** Bring a stopped cluster back, or try an INIT one again (contract: sky.start). */
import * as Schema from "effect/Schema"
import { IdleMinutes } from "./launch.ts"

export const Start = Schema.Struct({
  clusterName: Schema.String,
  /** Minutes; null: as it was. */
  idleMinutesToAutostop: Schema.optionalKey(IdleMinutes),
  /** Try again for as long as the cloud gives no machine. */
  retryUntilUp: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  down: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  force: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  lastUse: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type Start = typeof Start.Type
