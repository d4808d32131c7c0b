/** A port of this machine that leads to another one over a line that is slow in one direction, as at home. */
import { once } from "node:events"
import { connect, createServer } from "node:net"
import { onTestFinished } from "vitest"

/** What goes to the machine is held up: 64 KiB each so many ms. */
export const slowLineTo = async (host: string, port: number, eachMs = 100): Promise<number> => {
  const line = createServer((near) => {
    const far = connect(port, host)
    far.pipe(near)
    const timer = setInterval(() => {
      const chunk = near.read(Math.min(65_536, near.readableLength)) as Buffer | null
      if (chunk !== null) far.write(chunk)
    }, eachMs)
    for (const [end, other] of [[near, far] as const, [far, near] as const])
      end
        .on("error", () => undefined)
        .once("close", () => {
          clearInterval(timer)
          other.destroy()
        })
  })
  onTestFinished(() => void line.close())
  await once(line.listen(0, "127.0.0.1"), "listening")
  return (line.address() as { port: number }).port
}
