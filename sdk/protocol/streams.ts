/** The methods whose answer is what comes on the way, by name: the table of all methods would bring its schemas along. */
import type { StreamName } from "./methods.ts"

/** One that is missing here does not compile. */
const streams: Readonly<Record<StreamName, 1>> = { logs: 1, "events.follow": 1, replay: 1, "audit.export": 1 }

export const isStream = (method: string): method is StreamName => Object.hasOwn(streams, method)
