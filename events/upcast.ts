/**
 * Turns retired shapes into current ones, at the only place where bytes become events.
 * Keys are tags that are no longer written; entries are never removed. Stored bytes are never rewritten.
 */
export type StoredEvent = Readonly<Record<string, unknown>> & { readonly _tag: string }

const upcasters: Readonly<Record<string, (old: StoredEvent) => StoredEvent>> = {}

/** Applies upcasters until the tag is current. */
export const upcast = (stored: StoredEvent, known = upcasters): StoredEvent => {
  let event = stored
  for (let next = known[event._tag]; next !== undefined; next = known[event._tag]) event = next(event)
  return event
}
