/** Answers that are none of Compute Engine's: of a gateway, a proxy, a hotel. They are no refusal, no list, and nothing that is not there. */
import { createServer, type Server, request as send } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, beforeEach } from "vitest"
import { gcpScene, zone } from "./gcp-scene.ts"
import { refOf } from "./rented-requests.ts"

interface Spoilt {
  readonly status: number
  readonly body: string
}
/** What the proxy says in place of the answer, which was carried out all the same. */
let spoil: (method: string, path: string) => Spoilt | undefined = () => undefined

const proxyTo = async (url: string): Promise<Server> => {
  const { hostname, port } = new URL(url)
  const server = createServer((asked, answer) => {
    const { headers, method = "GET", url: path = "/" } = asked
    const passed = send({ hostname, port, method, path, headers }, (came) => {
      const said = spoil(method, path)
      if (said === undefined) {
        answer.writeHead(came.statusCode!, came.headers)
        return void came.pipe(answer)
      }
      came.resume()
      answer.writeHead(said.status, { "content-type": "text/html" }).end(said.body)
    })
    asked.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return server
}

let proxy: Server
const { gce, one, live } = gcpScene(async ({ url }) => {
  proxy = await proxyTo(url)
  const { port } = proxy.address() as AddressInfo
  return { CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `http://127.0.0.1:${port}/compute/v1/` }
})
afterAll(() => {
  proxy.closeAllConnections()
  proxy.close()
})
beforeEach(() => {
  spoil = () => undefined
})

/** Pauses between tries are over at once. */
const whileTimePasses = <A>(deed: Effect.Effect<A>) =>
  Effect.raceFirst(deed, Effect.forever(Effect.andThen(TestClock.adjust("10 seconds"), TestClock.withLive(Effect.sleep("2 millis")))))
const page = "<html><body>Welcome to the hotel</body></html>"
const answers: ReadonlyArray<Spoilt> = [
  { status: 400, body: "" },
  { status: 403, body: page },
  { status: 404, body: "" },
  { status: 404, body: "{}" },
  { status: 409, body: page },
  { status: 200, body: "" },
  { status: 200, body: "{}" },
  { status: 200, body: page }
]

describe("an answer that is none of Compute Engine's", () => {
  it.live("to a request for machines leaves open whether they are there: they are found, and given once", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      for (const said of answers) {
        const asked = request([0])
        spoil = (method, path) => (method === "POST" && path.includes("bulkInsert") ? said : undefined)
        assert.strictEqual((yield* Effect.flip(cloud.provision(asked))).kind, "Transient", JSON.stringify(said))
        const [node] = yield* cloud.provision(asked)
        assert.deepStrictEqual(
          (yield* live).map(({ name }) => name),
          [node!.host]
        )
        yield* cloud.terminate(refOf(asked, node!))
      }
    }).pipe(Effect.scoped)
  )

  it.effect("to every look leaves a machine unknown, for however long, and never gone", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* TestClock.withLive(cloud.provision(asked))
      for (const said of answers) {
        spoil = (method) => (method === "GET" ? said : undefined)
        for (let looks = 0; looks < 2; looks++) {
          const told = yield* whileTimePasses(
            Effect.matchEager(cloud.query([refOf(asked, node!)]), { onFailure: ({ kind }) => kind, onSuccess: ([state]) => state!.state })
          )
          assert.oneOf(told, ["Transient", "unknown"], JSON.stringify(said))
          yield* TestClock.adjust("2 minutes")
        }
      }
      spoil = () => undefined
      assert.deepInclude((yield* cloud.query([refOf(asked, node!)]))[0], { state: "running" })
    }).pipe(Effect.scoped)
  )

  it.effect("to who asks how machines ended leaves that open, and not that they are off", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* TestClock.withLive(cloud.provision(asked))
      yield* Effect.promise(() => gce().console("POST", `zones/${zone}/instances/${node!.host}/stop`))
      const isOff = Effect.map(live, ([machine]) => machine?.status === "TERMINATED")
      while (!(yield* isOff)) yield* TestClock.withLive(Effect.sleep("20 millis"))
      spoil = (method, path) => (method === "GET" && path.includes("/operations") ? { status: 200, body: "{}" } : undefined)
      const [state] = yield* whileTimePasses(Effect.orDie(cloud.query([refOf(asked, node!)])))
      assert.deepInclude(state, { state: "unknown", off: true })
    }).pipe(Effect.scoped)
  )
})
