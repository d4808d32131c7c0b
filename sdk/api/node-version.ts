/** One sentence where Node is too old, in place of whatever it lacks first. */
import { SkyError } from "./SkyError.ts"

const least = [22, 19] as const

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < least[0] || (major === least[0] && minor < least[1]))
  throw new SkyError(`skyd needs Node ${least.join(".")} or newer; this is ${process.version}.`, { exitCode: 2 })
