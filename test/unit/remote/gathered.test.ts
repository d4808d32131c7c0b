/** What ssh2 writes on its way to a machine. */
import { Duplex } from "node:stream"
import { expect, it } from "vitest"
import { gathered } from "../../../daemon/remote/inside-ssh2.ts"

it("goes out in one piece for all that was written in one turn, in its order", async () => {
  const sent: Array<string> = []
  const line = new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => {
      sent.push(String(chunk))
      done()
    },
    writev: (chunks, done) => {
      sent.push(chunks.map(({ chunk }) => String(chunk)).join(""))
      done()
    }
  })
  const stream = gathered(line)
  for (const piece of ["length ", "packet ", "tag"]) stream.write(piece)
  await new Promise((done) => stream.write(" and more", done))
  stream.write("next")
  await new Promise((done) => setImmediate(done))
  stream.write("last")
  await new Promise((done) => stream.end(done))
  expect(sent).toEqual(["length packet tag and more", "next", "last"])
})
