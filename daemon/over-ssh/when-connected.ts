/** The line to an agent by a program on its machine, once that says on stderr that it stands. */
import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import { connected } from "../../machine/connect.ts"
import type { CloudError } from "../clouds/Cloud.ts"
import { transient } from "./errors.ts"

export const whenConnected = (stream: Duplex) =>
  Effect.callback<Duplex, CloudError>((resume) => {
    let said = ""
    stream.on("said", (text: string) => {
      said += text
      if (said.split("\n").includes(connected)) resume(Effect.succeed(stream))
    })
    stream.once("close", () =>
      resume(Effect.fail(transient("NoAgent", stream.errored?.message ?? "the connection to the agent ended at once")))
    )
    return Effect.sync(() => stream.destroy())
  })
