/** Whether a place of a task file is at a secret, of which nothing is repeated. By the text alone: what is no YAML has no fields yet. */
import { isSecretEnvName } from "../../task/secrets.ts"

const topField = /^["']?[\w-]+["']?\s*:/gm
const field = /\b([A-Za-z_]\w*)["']?\s*:/g

/** Below `secrets`, or after a name that says so. A file in braces has no top to see: there it is all that comes after. */
export const isAtSecret = (text: string, offset: number): boolean => {
  const before = text.slice(0, offset)
  const top = [...before.matchAll(topField)].at(-1)?.index ?? 0
  const names = [...before.slice(top).matchAll(field)].map(([, name]) => name!)
  return names.includes("secrets") || isSecretEnvName(names.at(-1) ?? "")
}
