/** An agent's frames of a log on their way to a client. */
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"
import type { Frame } from "../reactors/couriers/AgentLink.ts"
import type { Reply } from "../requests/Reply.ts"

/** How far each source has come; null: it was named and nothing more. */
export type Shown = Map<string, number | null>

/** Hands an agent's frames on, each source once, and keeps in mind how far they came. */
export const forwarding =
  (id: string | number, reply: Reply, shown: Shown) =>
  ({ data, type }: Frame): void => {
    const { source, to, ...rest } = data as { readonly source: string; readonly to?: number; readonly text?: string }
    if (type === "source" && shown.has(source)) return
    shown.set(source, to ?? null)
    if (rest.text !== "") reply.push({ type, data: { ...rest, id } } as ServerFrame)
  }
