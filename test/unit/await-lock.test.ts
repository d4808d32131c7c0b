/** Who starts where a daemon serves already leaves everything of it alone. */
import { createServer } from "node:net"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { AlreadyServed, awaitLock } from "../../daemon/home/await-lock.ts"
import { remove, temporary } from "../damage/logs.ts"

it.live("a second daemon touches nothing while the first one answers", () =>
  Effect.gen(function* () {
    const home = temporary()
    const socket = join(home, "sock")
    const server = createServer().listen(socket)
    yield* Effect.promise(() => new Promise((done) => server.once("listening", done)))
    let isTouched = false
    const serve = Effect.sync(() => {
      isTouched = true
    })
    const error = yield* Effect.flip(awaitLock(socket, home, () => serve))
    server.close()
    remove(home)
    assert.instanceOf(error, AlreadyServed)
    assert.isFalse(isTouched)
  })
)
