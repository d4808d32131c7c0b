/** kill -9 at random moments: no acknowledged request is lost, no machine leaks, no job runs twice. `npm run storm` has more of it. */
import { describe, it } from "vitest"
import { whyNoMachines } from "../e2e/netns.ts"
import { StormHome } from "./StormHome.ts"
import { storm } from "./storm.ts"

const kills = Number(process.env["STORM_KILLS"] ?? 20)
const first = Number(process.env["STORM_SEED"] ?? 1)
/** A storm is as long as a state folder lives; more kills are more storms, by the seeds that follow. */
const killsEach = 20
const maxMs = 900_000
const overSsh = process.env["STORM_CLOUD"] === "ssh"

const storms = Array.from({ length: Math.ceil(kills / killsEach) }, (_, i) => ({
  seed: first + i,
  blows: Math.min(killsEach, kills - i * killsEach)
}))

describe.skipIf(overSsh && whyNoMachines !== null).each(storms)("a storm", ({ blows, seed }) => {
  const home = new StormHome()
  it(
    `of ${blows} kills by seed ${seed}`,
    async () => {
      if (overSsh) await home.overSsh()
      await storm(home, seed, blows, (killed, facts) => console.log(`seed ${seed}: ${killed} kills, ${facts} events, all is well`))
    },
    maxMs
  )
})
