/** A session over connections that break, hang or are left, in this process: the clock is the test's. */
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import * as rare from "../../../sdk/client/rare.ts"
import { openSession } from "../../../sdk/client/Session.ts"
import { type FakeDaemon, fakeDaemon, type Reply } from "./fake-daemon.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
})
afterEach(() => {
  vi.useRealTimers()
})

const silenceMs = 10_000
const retryMs = 100

const sessionWith = ({ home }: FakeDaemon) =>
  openSession({ rare: () => rare, spawn: false, home: { folder: home, socket: join(home, "run/sock") } })

/** Lets the sockets move, and no timer. */
const until = async (is: () => boolean) => {
  while (!is()) await setImmediate()
}
const settle = async () => {
  for (let i = 0; i < 20; i++) await setImmediate()
}

it("a connection that ends without a word leaves nothing behind that could end the next one", async () => {
  const replies: Array<Reply> = []
  const greets = (nth: number) => (nth === 1 ? "drop" : "hello")
  await using daemon = await fakeDaemon({ logs: (_, reply) => void replies.push(reply) }, undefined, greets)
  const session = sessionWith(daemon)
  const answer = session.call("logs")
  await until(() => daemon.greetings.length === 1)
  await settle()
  await vi.advanceTimersByTimeAsync(retryMs)
  await until(() => replies.length > 0)
  await settle()
  await vi.advanceTimersByTimeAsync(silenceMs)
  replies[0]!.result({ status: "SUCCEEDED" })
  expect(await answer).toEqual({ status: "SUCCEEDED" })
  session.close()
})

it("a daemon that takes the connection and says nothing is reported, also where nobody knows its pid", async () => {
  await using daemon = await fakeDaemon({ status: () => {} }, undefined, () => "silence")
  const answer = sessionWith(daemon).call("status")
  const failure = expect(answer).rejects.toMatchObject({
    tag: "DaemonUnreachable",
    exitCode: 8,
    message: "The daemon does not answer.",
    hint: expect.stringContaining("sky daemon logs")
  })
  await until(() => daemon.asked.length > 0)
  await vi.advanceTimersByTimeAsync(silenceMs)
  await failure
})

it("a call made while a lost connection is replaced is asked once, as is what waits already", async () => {
  const replies: Array<Reply> = []
  await using daemon = await fakeDaemon({
    logs: (_, reply, nth) => void (nth === 1 ? reply.drop() : replies.push(reply)),
    queue: (_, reply) => void replies.push(reply)
  })
  const session = sessionWith(daemon)
  const logs = session.call("logs")
  await until(() => daemon.asked.length > 0)
  await settle()
  const queue = session.call("queue")
  await settle()
  await vi.advanceTimersByTimeAsync(retryMs)
  await settle()
  for (const reply of replies) reply.result({})
  await Promise.all([logs, queue])
  expect(daemon.asked.map(({ method }) => method).toSorted()).toEqual(["logs", "logs", "queue"])
  session.close()
})

it("what is closed says what it leaves", async () => {
  await using daemon = await fakeDaemon({ logs: () => {}, status: (_, reply) => reply.result({}) })
  const session = sessionWith(daemon)
  void session.call("logs")
  await session.call("status")
  session.close()
  await until(() => daemon.left.length > 0)
  expect(daemon.left).toEqual(daemon.asked.flatMap(({ id, method }) => (method === "logs" ? [id] : [])))
})
