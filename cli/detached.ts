/**
 * What is said to who leaves a launch or an exec before its job is there: there may be no output to follow for hours, but always a state
 * and its history.
 */
import { glyph } from "./render/style.ts"

export const detached = (method: string, clusterName: string | null | undefined, operation: string, hasLogs = false): string => {
  const watch = `Watch: sky ${hasLogs ? "logs" : "status"} ${clusterName}`
  const ways = [watch, `Why: sky why ${clusterName}`, `Cancel: sky ops cancel ${operation}`]
  return `Detached; the ${method} goes on. ${ways.join(` ${glyph("dot")} `)}`
}
