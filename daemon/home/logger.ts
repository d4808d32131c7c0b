/** The daemon's own diary: JSON lines in `<home>/daemon.log`, rotated. Facts are in the log; this is for mending skyd itself. */
import { appendFileSync } from "node:fs"
import { join } from "node:path"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { createStream } from "rotating-file-stream"

const fileSize = "10M"
const filesMax = 5

export const fileLogger = (home: string) => {
  const stream = createStream((time, index) => (time ? `daemon.log.${index}` : "daemon.log"), {
    path: home,
    size: fileSize,
    rotate: filesMax,
    mode: 0o600
  })
  // A full disk must not end the daemon: what cannot be said is not said.
  stream.on("error", () => undefined)
  const line = (entry: object) => `${JSON.stringify(entry)}\n`
  const write = (entry: object) => void stream.write(line(entry))
  /** For the last words of a process that ends with them. */
  const writeNow = (entry: object) => {
    try {
      appendFileSync(join(home, "daemon.log"), line(entry), { mode: 0o600 })
    } catch {
      // As above.
    }
  }
  const logger = Logger.make(({ date, fiber, logLevel, message }) => {
    const parts = Array.isArray(message) ? message : [message]
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    write({ time: date.toISOString(), level: logLevel, message: parts.map(String).join(" "), ...annotations })
  })
  /** What was said is on its way to the disk. */
  const close = () => new Promise<void>((done) => stream.end(() => done()))
  return { logger, write, writeNow, close }
}
