/** A head whose worker's place answers, and is not what it should be: what it says goes to whoever asks why a node is not reached. */
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { readFrames, writeFrame } from "../../agent/frames.ts"
import { type Client, cleanUp, cluster, eventually } from "./harness.ts"

afterAll(cleanUp)

/** Asked until the head has tried and been told. */
const whyOf = async (client: Client): Promise<ReadonlyArray<string | null>> => {
  const { nodes } = await client.call("unreached", {})
  return nodes.length > 0 && nodes.every(({ why }) => why !== null) ? nodes.map(({ why }) => why) : whyOf(client)
}

describe("a head", () => {
  it("tells of which node the agent is that answers in its worker's place", async () => {
    const [{ head, nodes }, other] = [await cluster({ nodes: 2 }), await cluster()]
    const client = await head.client()
    await client.call("configure", { peers: [head.peer, { ...nodes[1]!.peer, socket: other.head.identity.socket }] })
    const { cluster: id, node } = other.head.identity
    expect(await whyOf(client)).toEqual([`this is the agent of node ${node} of cluster ${id}`])
  })

  it("comes again to a worker that will not show its ranks, and tells why: once in its log", async () => {
    const { head, nodes } = await cluster({ nodes: 2 })
    let asked = 0
    const socket = join(nodes[1]!.root, "other.sock")
    const server = createServer((line) =>
      readFrames(
        line,
        ({ data: { id } }) => {
          if (id === "hello") return writeFrame(line, "result", { id, value: {} })
          asked++
          writeFrame(line, "failure", { id, error: { tag: "InternalError", message: "no space left on device" } })
        },
        () => {}
      )
    )
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    const client = await head.client()
    await client.call("configure", { peers: [head.peer, { ...nodes[1]!.peer, socket }] })
    expect(await whyOf(client)).toEqual(["no space left on device"])
    await eventually(() => asked > 2)
    expect(head.log().match(/no space left on device/g)).toHaveLength(1)
    server.close()
  })
})
