/** A client that follows the log through every end of the daemon: what it was shown must be what the log holds. */
import { isDeepStrictEqual } from "node:util"
import type { Recorded } from "../../events/Recorded.ts"
import { sleep, type Wire } from "../e2e/home.ts"
import { connected } from "./clients.ts"
import type { StormHome } from "./StormHome.ts"

const reconnectMs = 100

export class Watcher {
  private readonly seen: Array<Recorded> = []
  private wire: Wire | undefined
  private over = false
  private readonly ended: Promise<void>

  constructor(home: StormHome) {
    this.ended = this.follow(home)
    // Whoever ends it learns why it failed.
    this.ended.catch(() => undefined)
  }

  private async follow(home: StormHome): Promise<void> {
    while (!this.over && !home.isRed) {
      const wire = await connected(home)
      this.wire = wire
      wire.request(1, "events.follow", { after: this.seen.at(-1)?.seq ?? 0 })
      await wire.untilClosed()
      for (const { data, type } of wire.frames) if (type === "event") this.seen.push(data.event)
      await sleep(reconnectMs)
    }
  }

  /** Ends it, and answers what it was shown and the log does not hold. */
  async end(facts: ReadonlyArray<Recorded>): Promise<ReadonlyArray<string>> {
    this.over = true
    this.wire?.socket.destroy()
    await this.ended
    return this.seen.flatMap((fact, at) => {
      if (fact.seq !== at + 1) return [`a follower was shown event ${fact.seq} after ${at}`]
      return isDeepStrictEqual(fact, facts[at]) ? [] : [`a follower was shown another event ${fact.seq} than the log holds`]
    })
  }
}
